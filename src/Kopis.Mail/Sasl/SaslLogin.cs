namespace Kopis.Mail.Sasl;

/// <summary>LOGIN (draft-murchison-sasl-login), which never became a standard but is used by many
/// clients.</summary>
internal sealed class SaslLogin : SaslMechanism
{
    private byte[]? _name;

    internal override SaslStep Begin() => Send("Username:"u8);

    internal override SaslStep Respond(ReadOnlySpan<byte> response)
    {
        if (_name is not null)
        {
            return AskPassword(_name, response);
        }

        _name = response.ToArray();
        return Send("Password:"u8);
    }
}
