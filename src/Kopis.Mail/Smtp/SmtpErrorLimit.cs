namespace Kopis.Mail.Smtp;

/// <summary>Counts a client's errors, and commands that bring no message nearer, up to
/// <see cref="SmtpLimits"/>.</summary>
internal sealed class SmtpErrorLimit
{
    private int _errors;
    private int _refused;
    private int _idleCommands;

    /// <summary>Errors, and recipients refused for good.</summary>
    internal int Faults => _errors + _refused;

    /// <summary>A command that the client should have known better.</summary>
    internal void AddError() => _errors++;

    /// <summary>A recipient or a message was refused.</summary>
    internal void CountRefusal(bool isForGood) => _refused += isForGood ? 1 : 0;

    /// <summary>The last command did bring a message nearer.</summary>
    internal void ForgiveCommand() => _idleCommands--;

    /// <summary>A message came.</summary>
    internal void ForgiveAll() => _idleCommands = 0;

    /// <summary>Counts a command.</summary>
    /// <returns>False: it was the last one.</returns>
    internal bool TryCommand()
    {
        _idleCommands++;
        return _errors < SmtpLimits.ErrorsMax && _idleCommands < SmtpLimits.IdleCommandsMax;
    }
}
