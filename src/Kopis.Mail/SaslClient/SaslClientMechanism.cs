namespace Kopis.Mail.SaslClient;

/// <summary>
/// The client's side of one exchange of a mechanism (RFC 4422): challenges in, responses out. No
/// I/O.
/// </summary>
public abstract class SaslClientMechanism
{
    /// <summary>Its name in AUTH.</summary>
    public abstract string Name { get; }

    /// <summary>The first response; null where the server speaks first.</summary>
    public abstract byte[]? Begin();

    /// <summary>The response to a challenge that comes after the first response, or where the
    /// server speaks first.</summary>
    /// <returns>Null: the exchange cannot go on, <see cref="Fault"/> says why.</returns>
    public abstract byte[]? Respond(ReadOnlySpan<byte> challenge);

    /// <summary>Whether a success now is one: all was said, and the server has proved what it has
    /// to.</summary>
    public abstract bool IsDone { get; }

    /// <summary>Why it cannot go on, for a report; no secrets.</summary>
    public string Fault { get; protected set; } = "its challenge makes no sense";
}
