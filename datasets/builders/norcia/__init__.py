"""The TFDS builder of the Norcia 2016 records before and after the mainshock."""
