using Kopis.Mail.Dsn;

namespace Kopis.Queue.Spawn;

/// <summary>What is known of one attempt to deliver to one recipient, for the scheduler, journals
/// and people. All texts are printable ASCII without blanks, at most
/// <see cref="TextBytesMax"/> bytes; empty where nothing is known.</summary>
public sealed record AttemptDetail
{
    /// <summary>The longest of its texts.</summary>
    public const int TextBytesMax = 255;

    /// <summary>Nothing is known.</summary>
    public static AttemptDetail Empty { get; } = new();

    /// <summary>The kind of failure.</summary>
    public BounceClass Class { get; init; }

    /// <summary>How far it came.</summary>
    public AttemptStage Stage { get; init; }

    /// <summary>The server's reply code; 0: there is none.</summary>
    public ushort Code { get; init; }

    /// <summary>How long the attempt took.</summary>
    public uint Milliseconds { get; init; }

    /// <summary>Facts of it.</summary>
    public AttemptFlags Flags { get; init; }

    /// <summary>What the reply asks of the scheduler.</summary>
    public ReplyAction Action { get; init; }

    /// <summary>For how long.</summary>
    public uint ActionSeconds { get; init; }

    /// <summary>A number of that action; 0 where it has none.</summary>
    public ushort ActionValue { get; init; }

    /// <summary>The server's name, as in MX or a route.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its IP address.</summary>
    public string Address { get; init; } = "";

    /// <summary>The version of TLS, as <c>TLSv1.3</c>.</summary>
    public string TlsVersion { get; init; } = "";

    /// <summary>The reply's enhanced status (RFC 3463), as <c>4.2.1</c>.</summary>
    public string EnhancedStatus { get; init; } = "";
}
