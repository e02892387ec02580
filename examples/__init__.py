"""Programs that use Jobline the way its users do."""
