using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kopis.Remote.Tests;

/// <summary>A server on an address of this host that takes all mail, but for what a test answers
/// itself.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Func<string, Task<string?>> _answer;

    /// <summary>Listens.</summary>
    /// <param name="address">Where.</param>
    /// <param name="port">Its port; 0 for any.</param>
    /// <param name="answer">The reply to a line; null for one that takes it.</param>
    internal LoopbackServer(IPAddress address, int port, Func<string, Task<string?>> answer)
    {
        _answer = answer;
        _listener = new TcpListener(address, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    internal int Port { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = TalkAsync(client);
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using TcpClient owned = client;
        NetworkStream stream = client.GetStream();
        using StreamReader reader = new(stream, Encoding.Latin1);
        await SayAsync("220 server");
        bool isText = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (isText && line != ".")
            {
                continue;
            }

            isText = line == "DATA";
            await SayAsync(await _answer(line) ?? (isText ? "354 go" : "250 ok"));
        }

        ValueTask SayAsync(string text) =>
            stream.WriteAsync(Encoding.Latin1.GetBytes(text + "\r\n"));
    }
}
