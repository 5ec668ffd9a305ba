"""YAML without traps. It knows no campaign.

nodes       bytes -> nodes with places -> plain values, within bounds; flaws: what is wrong, in the author's words
canonical   the form that `fmt` gives a file; layout: what stands where in it; quoting, same: what needs quotes, what
            says the same
"""
