"""Who trades, keeps and bids in a run; see `base` for what they see and do."""
