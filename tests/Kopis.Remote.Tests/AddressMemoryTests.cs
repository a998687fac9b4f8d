using System.Net;
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
    private readonly ConnectMemory _memory;

    public AddressMemoryTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "control"));
        File.WriteAllText(Path.Combine(_home, "control/me"), "mx.example\n");
        File.WriteAllText(Path.Combine(_home, "control/timeoutidle"), "0\n");
        _memory = new ConnectMemory(_time, new TimeoutFile(_home));
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("EHLO", "421 busy", true)] // It is so to everybody.
    [InlineData("MAIL", "451 not from you", false)]
    public async Task Only_what_an_address_is_to_all_mail_is_remembered(
        string verb, string reply, bool isRemembered)
    {
        string? Answer(string line) =>
            line.StartsWith(verb, StringComparison.Ordinal) ? reply : null;
        using LoopbackServer first = new(First, 0, line => Task.FromResult(Answer(line)));
        using LoopbackServer second = new(Second, first.Port, _ => Task.FromResult<string?>(null));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal('K', (await Deliver(first.Port)).Letter);
            _time.Advance(TimeSpan.FromSeconds(130));
        }

        Assert.Equal(isRemembered, _memory.ShouldSkip(First));
        Assert.False(_memory.ShouldSkip(Second));
    }

    private async Task<RemoteReport> Deliver(int port)
    {
        RemoteSettings settings =
            RemoteSettings.Read(new ControlDirectory(Path.Combine(_home, "control")));
        SmtpRoute relay = new("relay", port);
        TlsDemand demand = TlsDemand.Of(settings.Tls.Policies.Find("y"u8), false, "y", relay);
        MailDnsTable dns = new([], new() { ["relay"] = [$"{First}", $"{Second}"] });
        await using LinkPool pool = new(_time, LinkPool.IdleLeast);
        RemoteRoute route = new(
            settings, dns, _memory, new LoginPauses(_time, _ => { }), _time,
            new RemoteDestination("y"u8.ToArray(), relay, demand), pool);
        RemoteMail mail = new("s@x"u8.ToArray(), ["a@y"u8.ToArray()], new MemoryMessage("line\n"));
        return await new BatchDelivery(mail, route, pool, _time).RunAsync(default);
    }
}
