namespace Kopis.Mail.Smtp;

/// <summary>Counts a client's errors, and its commands that do not contribute to a message, up to
/// <see cref="SmtpLimits"/>.</summary>
internal sealed class SmtpErrorLimit
{
    private int _errors;
    private int _refused;
    private int _idleCommands;

    /// <summary>The number of errors and of permanently refused recipients.</summary>
    internal int Faults => _errors + _refused;

    /// <summary>Counts a command that no correct client sends.</summary>
    internal void AddError() => _errors++;

    /// <summary>Counts a refused recipient or message.</summary>
    internal void CountRefusal(bool isForGood) => _refused += isForGood ? 1 : 0;

    /// <summary>Uncounts the last command, since it contributed to a message.</summary>
    internal void ForgiveCommand() => _idleCommands--;

    /// <summary>Starts again after a message.</summary>
    internal void ForgiveAll() => _idleCommands = 0;

    /// <summary>Counts a command.</summary>
    /// <returns>False if the limit is reached.</returns>
    internal bool TryCommand()
    {
        _idleCommands++;
        return _errors < SmtpLimits.ErrorsMax && _idleCommands < SmtpLimits.IdleCommandsMax;
    }
}
