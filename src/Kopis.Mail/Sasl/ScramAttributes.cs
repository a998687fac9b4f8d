namespace Kopis.Mail.Sasl;

/// <summary>Parses the attributes of a SCRAM message (RFC 5802 §5.1), for client and server.
/// </summary>
internal static class ScramAttributes
{
    /// <summary>Parses the attribute that must come first, and removes it from the message.
    /// </summary>
    /// <param name="message">The rest of the message; attributes are separated by commas.</param>
    /// <param name="key">The attribute's letter and <c>=</c>.</param>
    /// <param name="value">The value, up to the comma or the end.</param>
    internal static bool TryTake(
        ref ReadOnlySpan<byte> message, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = [];
        if (!message.StartsWith(key))
        {
            return false;
        }

        int end = message.IndexOf((byte)',');
        value = end < 0 ? message[key.Length..] : message[key.Length..end];
        message = end < 0 ? [] : message[(end + 1)..];
        return true;
    }
}
