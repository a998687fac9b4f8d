namespace Kopis.Mail.SaslClient;

/// <summary>The client's side of one exchange of a mechanism (RFC 4422): it reads challenges and
/// makes responses. No I/O.</summary>
public abstract class SaslClientMechanism
{
    /// <summary>The mechanism's name in AUTH.</summary>
    public abstract string Name { get; }

    /// <summary>The first response; null if the server speaks first.</summary>
    public abstract byte[]? Begin();

    /// <summary>The response to a challenge after the first response, or to the first challenge if
    /// the server speaks first.</summary>
    /// <returns>Null if the exchange cannot continue; <see cref="Fault"/> says why.</returns>
    public abstract byte[]? Respond(ReadOnlySpan<byte> challenge);

    /// <summary>Whether a success of the server may be accepted now: the exchange is complete, and
    /// the server has proved what it must.</summary>
    public abstract bool IsDone { get; }

    /// <summary>Why the exchange cannot continue, for a report; no secrets.</summary>
    public string Fault { get; protected set; } = "its challenge makes no sense";
}
