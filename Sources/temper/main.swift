import Commands

TemperCommand.start()
