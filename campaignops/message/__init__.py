"""What a message says to its reader: `whatsapp` has the template contract, `media` what files are, `sms` the parts."""
