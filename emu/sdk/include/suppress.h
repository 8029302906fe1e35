/* Only pragmas for the Microsoft compiler in the original. */
#pragma once
