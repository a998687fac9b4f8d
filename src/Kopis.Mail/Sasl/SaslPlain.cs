namespace Kopis.Mail.Sasl;

/// <summary>PLAIN (RFC 4616): <c>[authzid] NUL authcid NUL passwd</c>.</summary>
internal sealed class SaslPlain : SaslMechanism
{
    internal override SaslStep Respond(ReadOnlySpan<byte> response)
    {
        int first = response.IndexOf((byte)0);
        int second = first < 0 ? -1 : response[(first + 1)..].IndexOf((byte)0);
        if (second < 0)
        {
            return SaslStep.Malformed;
        }

        ReadOnlySpan<byte> actsAs = response[..first];
        ReadOnlySpan<byte> name = response.Slice(first + 1, second);
        ReadOnlySpan<byte> password = response[(first + second + 2)..];

        // No user may act as another.
        return actsAs.IsEmpty || actsAs.SequenceEqual(name)
            ? AskPassword(name, password)
            : SaslStep.Failed;
    }
}
