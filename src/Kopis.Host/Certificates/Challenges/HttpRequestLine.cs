namespace Kopis.Host.Certificates.Challenges;

/// <summary>Parses the first line of an HTTP request, as far as a challenge needs it. No I/O.
/// </summary>
internal static class HttpRequestLine
{
    private static ReadOnlySpan<byte> Folder => "/.well-known/acme-challenge/"u8;

    /// <summary>The token that the request asks for; empty if it asks for something else.</summary>
    /// <param name="request">The request, from its first byte.</param>
    internal static ReadOnlySpan<byte> Token(ReadOnlySpan<byte> request)
    {
        int end = request.IndexOf("\r\n"u8);
        ReadOnlySpan<byte> line = end < 0 ? [] : request[..end];
        if (!line.StartsWith("GET "u8) || line.ContainsAny((byte)'\r', (byte)'\n'))
        {
            return [];
        }

        ReadOnlySpan<byte> target = line[4..];
        int space = target.IndexOf((byte)' ');
        return space > 0 && target[(space + 1)..].StartsWith("HTTP/1."u8)
            && target.StartsWith(Folder)
                ? target[Folder.Length..space]
                : [];
    }
}
