using System.Net;
using System.Net.Sockets;
using Kopis.Config;
using Kopis.Net.Dns;

namespace Kopis.Net.Tests;

/// <summary>Whoever asks may leave while a resolver answers, with whatever bytes. Nobody waits for
/// such a question, and any exception but the one of leaving would end the process.</summary>
public sealed class MailDnsTests : IDisposable
{
    private readonly DirectoryInfo _control = Directory.CreateTempSubdirectory("kopis-dns");
    private readonly Socket _resolver =
        new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private readonly MailDns _dns;

    public MailDnsTests()
    {
        _resolver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        File.WriteAllText(
            Path.Combine(_control.FullName, "resolvers"), $"{_resolver.LocalEndPoint}\n");
        _dns = MailDns.Read(new ControlDirectory(_control.FullName));
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _control.Delete(recursive: true);
    }

    [Theory, InlineData(0), InlineData(100)]
    public async Task Who_leaves_while_there_is_no_answer_leaves(int milliseconds)
    {
        using CancellationTokenSource stop = new();
        if (milliseconds == 0)
        {
            await stop.CancelAsync();
        }

        stop.CancelAfter(milliseconds);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _dns.FindTextsAsync("a.example", stop.Token));
    }

    [Fact]
    public async Task And_while_an_answer_that_is_none_comes()
    {
        for (int i = 0; i < 200; i++)
        {
            using CancellationTokenSource stop = new();
            Task asking = _dns.FindTextsAsync($"a{i}.example", stop.Token);
            byte[] question = new byte[1500];
            SocketReceiveFromResult got = await _resolver.ReceiveFromAsync(
                question.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Loopback, 0));
            byte[] answer = [question[0], question[1], 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xC0];
            await _resolver.SendToAsync(
                answer.AsMemory(), SocketFlags.None, got.RemoteEndPoint);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }
    }
}
