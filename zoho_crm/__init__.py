"""What is true of Zoho CRM, whoever asks. Imports no connector."""
