"""Write the pages and stubs that follow from the code, or check them."""
