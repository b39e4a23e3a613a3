"""The client of Zoho CRM that both connectors share. Imports neither of them."""
