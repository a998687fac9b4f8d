using Kopis.Mail.Dsn;

namespace Kopis.Queue.Spawn;

/// <summary>Details of one attempt to deliver to one recipient, for the scheduler, the journal and
/// people. All texts are printable ASCII without blanks, of at most <see cref="TextBytesMax"/>
/// bytes; empty if not known.</summary>
public sealed record AttemptDetail
{
    /// <summary>The longest of its texts.</summary>
    public const int TextBytesMax = 255;

    /// <summary>No details.</summary>
    public static AttemptDetail Empty { get; } = new();

    /// <summary>The kind of failure.</summary>
    public BounceClass Class { get; init; }

    /// <summary>How far the attempt came.</summary>
    public AttemptStage Stage { get; init; }

    /// <summary>The code of the server's reply; 0: there is none.</summary>
    public ushort Code { get; init; }

    /// <summary>How long the attempt took.</summary>
    public uint Milliseconds { get; init; }

    /// <summary>Facts about the attempt.</summary>
    public AttemptFlags Flags { get; init; }

    /// <summary>What the reply asks the scheduler to do.</summary>
    public ReplyAction Action { get; init; }

    /// <summary>For how long.</summary>
    public uint ActionSeconds { get; init; }

    /// <summary>The number that belongs to the action; 0 if it has none.</summary>
    public ushort ActionValue { get; init; }

    /// <summary>The server's name, from MX or a route.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its IP address.</summary>
    public string Address { get; init; } = "";

    /// <summary>The version of TLS, such as <c>TLSv1.3</c>.</summary>
    public string TlsVersion { get; init; } = "";

    /// <summary>The enhanced status of the reply (RFC 3463), such as <c>4.2.1</c>.</summary>
    public string EnhancedStatus { get; init; } = "";
}
