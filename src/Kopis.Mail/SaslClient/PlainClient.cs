namespace Kopis.Mail.SaslClient;

/// <summary>PLAIN (RFC 4616): name and password are in the first response.</summary>
/// <param name="user">The name, without NULs.</param>
/// <param name="password">The password, without NULs.</param>
internal sealed class PlainClient(byte[] user, byte[] password) : SaslClientMechanism
{
    public override string Name => "PLAIN";

    public override bool IsDone => true;

    public override byte[] Begin() => [0, .. user, 0, .. password];

    public override byte[]? Respond(ReadOnlySpan<byte> challenge) => null;
}
