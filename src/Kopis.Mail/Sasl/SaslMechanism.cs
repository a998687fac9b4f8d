namespace Kopis.Mail.Sasl;

/// <summary>The server's side of one exchange of a mechanism (RFC 4422): it reads responses and
/// says what to do next. No I/O.</summary>
internal abstract class SaslMechanism
{
    /// <summary>The longest name or password.</summary>
    protected const int FieldBytesMax = 1024;

    /// <summary>The challenge to send, with <see cref="SaslStep.Challenge"/>.</summary>
    internal byte[] Challenge { get; set; } = [];

    /// <summary>The question, with <see cref="SaslStep.Ask"/>.</summary>
    internal SaslQuestion? Question { get; set; }

    /// <summary>The user, with <see cref="SaslStep.Done"/>.</summary>
    internal string Account { get; set; } = "";

    /// <summary>The first step if the client sent no initial response.</summary>
    internal virtual SaslStep Begin() => Send([]);

    /// <summary>Reads a response.</summary>
    internal abstract SaslStep Respond(ReadOnlySpan<byte> response);

    /// <summary>Receives the answer to the question.</summary>
    internal virtual SaslStep Answer(SaslAnswer answer)
    {
        Account = answer.Account;
        return answer.Step;
    }

    /// <summary>Sends a challenge.</summary>
    protected SaslStep Send(ReadOnlySpan<byte> challenge)
    {
        Challenge = challenge.ToArray();
        return SaslStep.Challenge;
    }

    /// <summary>Asks a question.</summary>
    protected SaslStep Ask(SaslQuestion question)
    {
        Question = question;
        return SaslStep.Ask;
    }

    /// <summary>Asks about a password. A NUL in it would end checkpassword's field early, so it is
    /// refused.</summary>
    protected SaslStep AskPassword(ReadOnlySpan<byte> name, ReadOnlySpan<byte> password) =>
        name.IsEmpty || password.IsEmpty || name.Contains((byte)0) || password.Contains((byte)0)
            || name.Length > FieldBytesMax || password.Length > FieldBytesMax
                ? SaslStep.Malformed
                : Ask(new SaslQuestion(
                    SaslQuestionKind.Password, name.ToArray(), password.ToArray(), []));
}
