namespace Kopis.Mail.Sasl;

/// <summary>The answer to a <see cref="SaslQuestion"/>.</summary>
public sealed record SaslAnswer
{
    private SaslAnswer(SaslStep step) => Step = step;

    /// <summary>Done, Failed or Later.</summary>
    public SaslStep Step { get; }

    /// <summary>The user who has logged in.</summary>
    public string Account { get; private init; } = "";

    /// <summary>SCRAM's salt.</summary>
    public byte[] Salt { get; private init; } = [];

    /// <summary>SCRAM's iterations.</summary>
    public int Iterations { get; private init; }

    /// <summary>SCRAM's ServerSignature.</summary>
    public byte[] Signature { get; private init; } = [];

    /// <summary>Data that comes with a yes for the program that continues; not a part of SASL.
    /// </summary>
    public byte[] Ticket { get; init; } = [];

    /// <summary>No.</summary>
    public static SaslAnswer No { get; } = new(SaslStep.Failed);

    /// <summary>It is not known at present.</summary>
    public static SaslAnswer Later { get; } = new(SaslStep.Later);

    /// <summary>Yes.</summary>
    public static SaslAnswer Yes(string account, byte[] signature) =>
        new(SaslStep.Done) { Account = account, Signature = signature };

    /// <summary>The salt and iterations that were asked for.</summary>
    public static SaslAnswer Of(byte[] salt, int iterations) =>
        new(SaslStep.Done) { Salt = salt, Iterations = iterations };
}
