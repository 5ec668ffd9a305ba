"""What a message says to its reader: `whatsapp` has the template contract."""
