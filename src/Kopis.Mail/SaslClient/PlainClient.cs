namespace Kopis.Mail.SaslClient;

/// <summary>PLAIN (RFC 4616): all in the first response.</summary>
/// <param name="user">The name; no NUL.</param>
/// <param name="password">The password; no NUL.</param>
internal sealed class PlainClient(byte[] user, byte[] password) : SaslClientMechanism
{
    public override string Name => "PLAIN";

    public override bool IsDone => true;

    public override byte[] Begin() => [0, .. user, 0, .. password];

    public override byte[]? Respond(ReadOnlySpan<byte> challenge) => null;
}
