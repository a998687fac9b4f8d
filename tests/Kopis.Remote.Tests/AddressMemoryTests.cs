using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Queue.QmailFormat;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

/// <summary>What one message learns of an address, all others go by: it must be true of them.
/// </summary>
public sealed class AddressMemoryTests : IDisposable
{
    private static readonly IPAddress First = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.3");

    private readonly ManualTime _time = new();
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectMemory _memory;
    private int _port;

    public AddressMemoryTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "control"));
        File.WriteAllText(Path.Combine(_home, "control/me"), "mx.example\n");
        File.WriteAllText(Path.Combine(_home, "control/timeoutidle"), "0\n");
        _memory = new ConnectMemory(_time, new TimeoutFile(_home));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    [Theory]
    [InlineData("EHLO", "421 busy", true)] // It is so to everybody.
    [InlineData("MAIL", "451 not from you", false)]
    public async Task Only_what_an_address_is_to_all_mail_is_remembered(
        string verb, string reply, bool isRemembered)
    {
        Serve(First, verb, reply);
        Serve(Second, "", "");
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal('K', (await Deliver()).Letter);
            _time.Advance(TimeSpan.FromSeconds(130));
        }

        Assert.Equal(isRemembered, _memory.ShouldSkip(First));
        Assert.False(_memory.ShouldSkip(Second));
    }

    private async Task<RemoteReport> Deliver()
    {
        RemoteSettings settings =
            RemoteSettings.Read(new ControlDirectory(Path.Combine(_home, "control")));
        SmtpRoute relay = new("relay", _port);
        TlsDemand demand = TlsDemand.Of(settings.Tls.Policies.Find("y"u8), false, "y", relay);
        MailDnsTable dns = new([], new() { ["relay"] = [$"{First}", $"{Second}"] });
        RemoteRoute route = new(
            settings, dns, _memory, new LoginPauses(_time, _ => { }), _time,
            new RemoteDestination("y"u8.ToArray(), relay, demand));
        RemoteMail mail = new("s@x"u8.ToArray(), ["a@y"u8.ToArray()], new MemoryMessage("line\n"));
        await using LinkPool pool = new(_time, TimeSpan.Zero);
        return await new BatchDelivery(mail, route, pool, _time).RunAsync(default);
    }

    /// <summary>A server that takes all, but for one verb.</summary>
    private void Serve(IPAddress address, string verb, string reply)
    {
        TcpListener listener = new(address, _port);
        listener.Start();
        _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _stop.Token.Register(listener.Stop);
        _ = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(_stop.Token);
                await TalkAsync(client.GetStream(), verb, reply);
            }
        });
    }

    private static async Task TalkAsync(NetworkStream stream, string verb, string reply)
    {
        using StreamReader reader = new(stream, Encoding.Latin1);
        await Say("220 server");
        bool isText = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            bool ends = isText && line == ".";
            if (isText && !ends)
            {
                continue;
            }

            isText = line == "DATA";
            await Say(verb.Length > 0 && line.StartsWith(verb, StringComparison.Ordinal) ? reply
                : isText ? "354 go" : "250 ok");
        }

        ValueTask Say(string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text + "\r\n"));
    }
}
