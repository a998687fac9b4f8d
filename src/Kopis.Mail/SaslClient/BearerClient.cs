using System.Text;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.SaslClient;

/// <summary>OAUTHBEARER (RFC 7628) and XOAUTH2: a name and a token, in fields that end in ^A. A
/// challenge after them is a refusal whose text is for people. The response to it is ^A (RFC 7628
/// §3.2.3), or empty in XOAUTH2.</summary>
/// <param name="isStandard">Whether it is OAUTHBEARER.</param>
/// <param name="user">The name, without ^A.</param>
/// <param name="token">The token; printable.</param>
/// <param name="host">The server, for OAUTHBEARER.</param>
/// <param name="port">Its port.</param>
internal sealed class BearerClient(
    bool isStandard, byte[] user, byte[] token, string host, int port) : SaslClientMechanism
{
    private bool _isRefused;

    public override string Name => isStandard ? "OAUTHBEARER" : "XOAUTH2";

    public override bool IsDone => !_isRefused;

    public override byte[] Begin() => isStandard
        ?
        [
            .. "n,a="u8, .. SaslName.Encode(user), .. ",\u0001"u8,
            .. Encoding.ASCII.GetBytes($"host={host}\u0001port={port}\u0001"),
            .. "auth=Bearer "u8, .. token, 1, 1,
        ]
        : [.. "user="u8, .. user, .. "\u0001auth=Bearer "u8, .. token, 1, 1];

    public override byte[]? Respond(ReadOnlySpan<byte> challenge)
    {
        if (_isRefused)
        {
            return null;
        }

        _isRefused = true;
        return isStandard ? [1] : [];
    }
}
