"""The zoo: small credit backends, correct ones in several styles and broken ones with one defect each."""
