using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Srs;
using Kopis.Mail.Smtp;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;
using Kopis.Users.Recipients;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Users.Tests;

/// <summary>qmail-lookup and its client over a real socket.</summary>
public sealed class LookupServiceTests : IAsyncDisposable
{
    private const string Domain = "toyokawa.gcd.org";
    private static readonly IPAddress Peer = IPAddress.Parse("192.0.2.1");

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(ReaderTicket.KeyBytes);

    private readonly TestHome _home = new();
    private readonly InstantTime _time = new();
    private readonly LookupClient _client;
    private readonly LookupClient _reader;
    private readonly List<string> _log = [];
    private CancellationTokenSource? _stop;
    private Task? _serving;
    private LookupServer? _server;
    private bool _mayAsk = true;

    public LookupServiceTests()
    {
        Directory.CreateDirectory(_home.In("alias"));
        _home.AddUser($"joe@{Domain}", "right");
        _client = new LookupClient(_home.Path, _time);
        _reader = new LookupClient(_home.Path, _time, forReaders: true);
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _home.Dispose();
    }

    [Theory]
    [InlineData($"joe@{Domain}", LookupVerdict.Yes)]
    [InlineData($"nobody@{Domain}", LookupVerdict.No)]
    [InlineData("joe", LookupVerdict.Yes)]
    [InlineData("anyone@elsewhere.example", LookupVerdict.Yes)]
    [InlineData("anyone@virtual.example", LookupVerdict.No)]
    public async Task Recipients(string address, LookupVerdict expected)
    {
        File.WriteAllText(_home.In("control/virtualdomains"), "virtual.example:nobody\n");
        Assert.Equal(expected, await Ask(address));
    }

    [Fact]
    public async Task Remote_addresses_are_not_asked_about()
    {
        await StopAsync();
        Assert.Equal(LookupVerdict.Yes, Known("a@elsewhere.example"));
        Assert.Null(Known("a@toyokawa.gcd.org"));
        File.WriteAllText(_home.In("control/norcptcheck"), "Toyokawa.GCD.org\n");
        _time.Advance(TimeSpan.FromSeconds(1)); // Files are not looked at all the time.
        Assert.Equal(LookupVerdict.Yes, Known("a@toyokawa.gcd.org"));
    }

    [Fact]
    public void The_domain_of_a_recipient_without_one_is_where_it_is_delivered()
    {
        File.WriteAllText(_home.In("control/norcptcheck"), "other.example\n");
        Assert.Null(Known("other.example"));
        Assert.Null(Known("joe"));
        File.WriteAllText(_home.In("control/norcptcheck"), $"{Domain}\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LookupVerdict.Yes, Known("joe"));
        Assert.Equal(LookupVerdict.Yes, Known("other.example"));
    }

    [Fact]
    public async Task Addresses_of_SRS_are_asked_about_though_they_are_not_local()
    {
        File.WriteAllText(_home.In("control/srsdomain"), "srs.example\n");
        File.WriteAllText(_home.In("control/norcptcheck"), "srs.example\n");
        Directory.CreateDirectory(_home.In("srs"));
        File.WriteAllText(_home.In("srs/secrets"), "0123456789abcdef\n");
        File.SetUnixFileMode(_home.In("srs/secrets"), UnixFileMode.UserRead);
        byte[] good = new SenderRewriting(
            ["0123456789abcdef"u8.ToArray()], "srs.example"u8, SenderRewriting.HashLengthOfHost)
            .Rewrite("joe@a.example"u8, _time.GetUtcNow())!;
        byte[] bad = "SRS0=x@srs.example"u8.ToArray();
        foreach ((byte[] address, byte[] routed, LookupVerdict verdict) in new[]
        {
            (good, good, LookupVerdict.Yes), (bad, bad, LookupVerdict.No),
            (new Address(good).Local.ToArray(), good, LookupVerdict.Yes),
        })
        {
            RoutedRecipient one = new(address, Local: null) { Srs = routed };
            Assert.Null(_client.Known(one));
            Assert.Equal(verdict, await _client.AskAsync(one, Peer, CancellationToken.None));
            Assert.Equal(verdict, _client.Known(one));
        }
    }

    [Fact]
    public async Task An_answer_lasts_a_while_and_a_no_a_shorter_one()
    {
        await Ask($"joe@{Domain}");
        await Ask($"new@{Domain}");
        Assert.Equal(LookupVerdict.No, Known("new@toyokawa.gcd.org"));
        _time.Advance(VerdictCache.NoLifetime);
        Assert.Null(Known("new@toyokawa.gcd.org"));
        Assert.Equal(LookupVerdict.Yes, Known("joe@toyokawa.gcd.org"));
        _time.Advance(VerdictCache.YesLifetime);
        Assert.Null(Known("joe@toyokawa.gcd.org"));
    }

    [Fact]
    public async Task No_service_is_a_later_and_it_is_found_again()
    {
        await Ask($"joe@{Domain}");
        await StopAsync();
        Assert.Equal(LookupVerdict.Later, await Ask($"nobody@{Domain}"));
        Assert.Equal(LookupVerdict.Later, (await Login("joe", "right")).Verdict);
        Assert.Null(await _client.SaltOfAsync("joe"u8.ToArray(), CancellationToken.None));
        Start();
        Assert.Equal(LookupVerdict.No, await Ask($"nobody@{Domain}"));
        Assert.Equal(LookupVerdict.Yes, (await Login("joe", "right")).Verdict);
    }

    [Fact]
    public async Task A_file_being_rewritten_is_a_later()
    {
        File.WriteAllText(_home.In("users/virtual"), "half a li");
        Assert.Equal(LookupVerdict.Later, await Ask($"joe@{Domain}"));
        Assert.Equal(LookupVerdict.Later, (await Login("joe", "right")).Verdict);
        Assert.Null(await _client.SaltOfAsync("joe"u8.ToArray(), CancellationToken.None));
        Assert.Contains(_log, line => line.Contains("users/virtual", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Passwords()
    {
        LoginAnswer answer = await Login("joe", "right");
        Assert.Equal((LookupVerdict.Yes, $"joe@{Domain}"), (answer.Verdict, answer.Account));
        Assert.Same(LoginAnswer.No, await Login("joe", "wrong"));
        Assert.Same(LoginAnswer.No, await Login("nobody", "right"));
        Assert.Equal(LookupVerdict.Later, (await Login("joe", new string('x', 20_000))).Verdict);
    }

    [Fact]
    public async Task Who_logs_in_to_read_gets_a_ticket_and_nobody_else()
    {
        byte[] name = "joe"u8.ToArray();
        LoginAnswer answer = await _reader.CheckPasswordAsync(
            Peer, name, "right"u8.ToArray(), CancellationToken.None);
        ReaderTicket ticket = ReaderTicket.Open(answer.Ticket, Key)!;
        Assert.Equal($"joe@{Domain}", ByteText.ToText(ticket.User.Name));
        Assert.Empty((await Login("joe", "right")).Ticket);
        Assert.Empty((await _reader.CheckPasswordAsync(
            Peer, name, "wrong"u8.ToArray(), CancellationToken.None)).Ticket);
    }

    [Fact]
    public async Task A_digest_of_apop()
    {
        File.WriteAllText(_home.In("users/apop"), $"joe@{Domain}:right\n");
        byte[] stamp = "<1@x>"u8.ToArray();
        byte[] digest = ApopSecrets.DigestOf(stamp, "right"u8);
        LoginAnswer answer = await _reader.CheckDigestAsync(
            Peer, "joe"u8.ToArray(), stamp, digest, CancellationToken.None);
        Assert.Equal((LookupVerdict.Yes, $"joe@{Domain}"), (answer.Verdict, answer.Account));
        Assert.NotNull(ReaderTicket.Open(answer.Ticket, Key));
        Assert.Same(LoginAnswer.No, await _reader.CheckDigestAsync(
            Peer, "joe"u8.ToArray(), "<2@x>"u8.ToArray(), digest, CancellationToken.None));
    }

    [Fact]
    public async Task Where_no_issuer_is_known_a_token_is_a_later() =>
        Assert.Equal(LookupVerdict.Later, (await _reader.CheckTokenAsync(
            Peer, [], "x.y.z"u8.ToArray(), CancellationToken.None)).Verdict);

    [Theory]
    [InlineData($"JOE@{Domain}", LookupVerdict.No)]
    [InlineData("joe", LookupVerdict.No)]
    [InlineData($"nobody@{Domain}", LookupVerdict.Yes)]
    public async Task Who_is_locked_is_known_to_those_who_trust_an_issuer(
        string name, LookupVerdict whenLocked)
    {
        byte[] account = ByteText.ToBytes(name);
        Assert.Equal(
            LookupVerdict.Yes, await _client.IsUnlockedAsync(account, CancellationToken.None));
        string table = File.ReadAllText(_home.In("users/virtual"));
        File.WriteAllText(_home.In("users/virtual"), table.Replace($"{Domain}:", $"{Domain}:!"));
        _time.Advance(TimeSpan.FromSeconds(1)); // Files are not looked at all the time.
        Assert.Equal(
            whenLocked, await _client.IsUnlockedAsync(account, CancellationToken.None));
        await StopAsync();
        Assert.Equal(
            LookupVerdict.Later, await _client.IsUnlockedAsync(account, CancellationToken.None));
    }

    [Theory]
    [InlineData("lock"), InlineData("remove"), InlineData("password")]
    public async Task A_login_holds_until_its_user_is_changed(string change)
    {
        byte[] joe = ByteText.ToBytes($"joe@{Domain}");
        byte[] none = ByteText.ToBytes($"nobody@{Domain}"); // A token's, say.
        byte[] mark = await MarkAsync(joe, []);
        byte[] markOfNone = await MarkAsync(none, []);
        Assert.Equal(mark, await MarkAsync(joe, mark));
        string table = File.ReadAllText(_home.In("users/virtual"));
        File.WriteAllText(_home.In("users/virtual"), change switch
        {
            "lock" => table.Replace($"{Domain}:", $"{Domain}:!"),
            "password" => table.Replace(
                table.Split(':')[1], TestHome.HashOf("another"), StringComparison.Ordinal),
            _ => "",
        });
        _time.Advance(TimeSpan.FromSeconds(1)); // Files are not looked at all the time.
        (LookupVerdict verdict, _) = await _client.HoldsAsync(joe, mark, CancellationToken.None);
        Assert.Equal(LookupVerdict.No, verdict);
        Assert.Equal(markOfNone, await MarkAsync(none, markOfNone));
        (verdict, _) = await _client.HoldsAsync(joe, [], CancellationToken.None);
        Assert.Equal(change == "lock" ? LookupVerdict.No : LookupVerdict.Yes, verdict);
        await StopAsync();
        (verdict, _) = await _client.HoldsAsync(joe, mark, CancellationToken.None);
        Assert.Equal(LookupVerdict.Later, verdict);
    }

    /// <summary>Its key ends with it.</summary>
    [Fact]
    public async Task After_a_restart_of_qmail_lookup_logins_hold_but_not_those_of_removed_users()
    {
        byte[] joe = ByteText.ToBytes($"joe@{Domain}");
        byte[] mark = await MarkAsync(joe, []);
        await StopAsync();
        Start();
        byte[] other = await MarkAsync(joe, mark);
        Assert.NotEqual(mark, other);
        await StopAsync();
        File.WriteAllText(_home.In("users/virtual"), "");
        _time.Advance(TimeSpan.FromSeconds(1));
        Start();
        Assert.Equal(
            LookupVerdict.No,
            (await _client.HoldsAsync(joe, other, CancellationToken.None)).Verdict);
    }

    [Fact]
    public async Task A_mark_of_another_account_or_of_any_bytes_is_none_of_this()
    {
        _home.AddUser($"ann@{Domain}", "right");
        byte[] joe = ByteText.ToBytes($"joe@{Domain}");
        byte[] mark = await MarkAsync(ByteText.ToBytes($"ann@{Domain}"), []);
        Assert.Equal(
            LookupVerdict.No,
            (await _client.HoldsAsync(joe, mark, CancellationToken.None)).Verdict);
        foreach (byte[] odd in (byte[][])[[1], new byte[LoginMarks.Bytes], new byte[1000]])
        {
            Assert.Equal(await MarkAsync(joe, []), await MarkAsync(joe, odd));
        }
    }

    private async Task<byte[]> MarkAsync(byte[] account, byte[] before)
    {
        (LookupVerdict verdict, byte[] mark) =
            await _client.HoldsAsync(account, before, CancellationToken.None);
        Assert.Equal((LookupVerdict.Yes, LoginMarks.Bytes), (verdict, mark.Length));
        return mark;
    }

    [Fact]
    public async Task A_proof_of_scram()
    {
        (byte[] salt, int iterations) = Assert.NotNull(
            await _client.SaltOfAsync("joe"u8.ToArray(), CancellationToken.None));
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            "right"u8, salt, iterations, HashAlgorithmName.SHA256, 32);
        byte[] message = "n=joe,r=x,r=xy,s=,i=1,c=biws,r=xy"u8.ToArray();
        byte[] proof = ProofOf(salted, message);
        LoginAnswer answer = await Prove("joe", message, proof);
        Assert.Equal(LookupVerdict.Yes, answer.Verdict);
        Assert.Equal(
            HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), message),
            answer.ServerSignature);
        Assert.Same(LoginAnswer.No, await Prove("joe", "other"u8.ToArray(), proof));
        Assert.Same(LoginAnswer.No, await Prove("joe", message, []));
        Assert.Same(LoginAnswer.No, await Prove("nobody", message, proof));
    }

    [Fact]
    public async Task A_name_of_nobody_has_a_salt_that_stays()
    {
        (byte[] Salt, int Iterations)? first = await Salt("nobody");
        Assert.Equal(first!.Value.Salt, (await Salt("NOBODY"))!.Value.Salt);
        Assert.NotEqual(first.Value.Salt, (await Salt("nobody2"))!.Value.Salt);
        Assert.Equal(16, first.Value.Salt.Length);
        Assert.Equal(PasswordHash.Iterations, first.Value.Iterations);
    }

    [Fact]
    public async Task Who_may_not_ask_gets_no_answer()
    {
        _mayAsk = false;
        Assert.Equal(LookupVerdict.Later, await Ask($"joe@{Domain}"));
        Assert.Equal(LookupVerdict.Later, (await Login("joe", "right")).Verdict);
        Assert.Single(_log); // Once, however often.
    }

    [Fact]
    public void Nonsense_ends_a_connection_and_nothing_else() =>
        Gen.Byte.Array[0, 40].Sample(bytes =>
        {
            using Socket socket = new(
                AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.ReceiveTimeout = 10_000;
            socket.Connect(new UnixDomainSocketEndPoint(_home.In("users/lookup")));
            socket.Send([(byte)(bytes.Length + 1), 0, (byte)'X', .. bytes]);
            Assert.Equal(0, socket.Receive(new byte[1]));
        }, iter: 50);

    [Fact]
    public void Frames_come_back_as_they_were() =>
        Gen.Byte.Array[0, 300].Array[0, 4].Sample(fields =>
        {
            byte[] frame = LookupFrame.Make(7, fields)!;
            Assert.True(LookupFrame.TrySplit(frame.AsSpan(2), out byte first, out byte[][] split));
            Assert.Equal(7, first);
            Assert.Equal(fields, split);
        });

    [Fact]
    public void The_cache_is_bounded()
    {
        VerdictCache cache = new(_time, addressesMax: 100);
        for (int i = 0; i < 1000; i++)
        {
            cache.Add(Encoding.ASCII.GetBytes($"{i}"), LookupVerdict.Yes);
        }

        Assert.InRange(cache.Count, 50, 100);
        Assert.True(cache.TryGet("999"u8, out _));
        Assert.False(cache.TryGet("0"u8, out _));
        cache.Add("later"u8.ToArray(), LookupVerdict.Later);
        Assert.False(cache.TryGet("later"u8, out _));
    }

    private static byte[] ProofOf(byte[] salted, byte[] message)
    {
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(clientKey), message);
        return [.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))];
    }

    private void Start()
    {
        Accounts accounts = new(_home.Path, hasHostUsers: false);
        _stop = new CancellationTokenSource();
        _server = new LookupServer(
            LookupSocket.Listen(_home.Path),
            new RecipientJudge(new RecipientLookup(_home.Path, asRoot: false), null, _ => null)
            {
                Srs = new SrsJudge(new ControlDirectory(_home.In("control")), _time),
            },
            new SenderJudge(_home.Path),
            new LoginHandler(
                new LoginChecker(name => accounts.Find(name), _time), new ApopSecrets(_home.Path),
                tokens: null, Key, name => accounts.IsLocked(name)),
            _ => _mayAsk, _log.Add);
        _serving = _server.RunAsync(_stop.Token);
    }

    private async Task StopAsync()
    {
        if (_stop is not null)
        {
            await _stop.CancelAsync();
            await _serving!;
            _server!.Dispose();
            _stop.Dispose();
            _stop = null;
        }
    }

    private LookupVerdict? Known(string address) => _client.Known(Route(address));

    private async Task<LookupVerdict> Ask(string address) =>
        Route(address) is { Local: not null } here
            ? await _client.AskAsync(here, client: null, CancellationToken.None)
            : Known(address)!.Value;

    private RoutedRecipient Route(string address)
    {
        byte[] recipient = ByteText.ToBytes(address);
        byte[] local = AddressMap.Read(new ControlDirectory(_home.In("control")))
            .Route(recipient, out bool isLocal);
        return new RoutedRecipient(recipient, isLocal ? local : null);
    }

    private Task<LoginAnswer> Login(string name, string password) => _client.CheckPasswordAsync(
        Peer, ByteText.ToBytes(name), ByteText.ToBytes(password), CancellationToken.None);

    private Task<LoginAnswer> Prove(string name, byte[] message, byte[] proof) =>
        _client.CheckProofAsync(
            Peer, ByteText.ToBytes(name), message, proof, CancellationToken.None);

    private Task<(byte[] Salt, int Iterations)?> Salt(string name) =>
        _client.SaltOfAsync(ByteText.ToBytes(name), CancellationToken.None);
}
