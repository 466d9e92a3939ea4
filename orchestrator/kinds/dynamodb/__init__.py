"""Amazon DynamoDB: tables, what is asked of AWS for them, and what it says of them."""
