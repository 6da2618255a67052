"""`python -m datarecipe`"""

from datarecipe.cli.main import main

main()
