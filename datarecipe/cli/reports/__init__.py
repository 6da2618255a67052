"""What commands print: each turns results into lines. May import what a command may; asks and writes nothing."""
