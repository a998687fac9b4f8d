using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;

namespace Kopis.Host.Certificates.Challenges;

/// <summary>HTTP-01: serves a file at a fixed path over HTTP (RFC 8555 §8.3), and nothing else.
/// </summary>
internal sealed class HttpResponder(IPEndPoint at, Socket? bound)
    : ChallengeListener(at, bound)
{
    private const int RequestBytesMax = 8 * 1024;

    private readonly ConcurrentDictionary<string, byte[]> _files = [];

    public override string Type => "http-01";

    public override void Offer(string name, string token, string authorization) =>
        _files[token] = Encoding.ASCII.GetBytes(authorization);

    private protected override async Task ServeAsync(Stream client, CancellationToken stop)
    {
        // The whole header is read: closing a socket with unread bytes would discard our answer.
        byte[] request = new byte[RequestBytesMax];
        int length = 0;
        while (request.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int got = await client.ReadAsync(request.AsMemory(length), stop);
            length += got;
            if (got == 0)
            {
                return; // It ended, or is too long.
            }
        }

        await client.WriteAsync(Answer(request.AsSpan(0, length)), stop);
    }

    private byte[] Answer(ReadOnlySpan<byte> request)
    {
        bool known = _files.TryGetValue(
            ByteText.ToText(HttpRequestLine.Token(request)), out byte[]? file);
        string head = $"HTTP/1.1 {(known ? "200 OK" : "404 Not Found")}\r\n"
            + $"Content-Type: application/octet-stream\r\nContent-Length: {file?.Length ?? 0}\r\n"
            + "Connection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. file ?? []];
    }
}
