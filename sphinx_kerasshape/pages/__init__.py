"""What a page says, as data: records, the domain that keeps them, placeholders in doctrees."""
