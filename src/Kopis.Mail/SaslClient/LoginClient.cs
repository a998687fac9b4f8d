namespace Kopis.Mail.SaslClient;

/// <summary>LOGIN (draft-murchison-sasl-login): the server asks for the name and then for the
/// password. The words of its questions do not matter.</summary>
/// <param name="user">The name.</param>
/// <param name="password">The password.</param>
internal sealed class LoginClient(byte[] user, byte[] password) : SaslClientMechanism
{
    private int _asked;

    public override string Name => "LOGIN";

    public override bool IsDone => _asked == 2;

    public override byte[]? Begin() => null;

    public override byte[]? Respond(ReadOnlySpan<byte> challenge) => ++_asked switch
    {
        1 => user,
        2 => password,
        _ => null,
    };
}
