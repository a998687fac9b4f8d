using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Net.Dkim;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

public sealed class MessageSignerTests : IDisposable
{
    private const string Queued = "Received: (qmail 1 invoked by uid 7); 29 Nov 2026 00:00:00\n";
    private const string Network = "Received: from evil.example (1.2.3.4)\n  by mx with SMTP; x\n";
    private const string Mail =
        "From: Joe <joe@a.example>\nTo: r@far.example\nSubject: s\n\nbody\n";


    private static readonly DkimKeyFile Rsa = DkimKeyFile.NewRsa("a.example", "r", 2048);

    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("kopis-sign");
    private readonly ManualTime _time = new();
    private readonly List<string> _warnings = [];
    private readonly MessageSigner _signer;

    public MessageSignerTests()
    {
        Paths.TryMakeDirectory(Root, 0x1C0); // 0700
        Write(Rsa, DkimKeyFile.NewEd25519("a.example", "e"));
        _signer = new MessageSigner(
            new DkimKeyDirectory(Root, _time, _warnings.Add), _time);
    }

    private string Root => Path.Combine(_base.FullName, "dkim");

    public void Dispose() => _base.Delete(recursive: true);

    [Fact]
    public async Task A_submitted_message_is_signed_with_both_keys_and_verifies()
    {
        string message = Queued + Network + Mail;
        MessageSignature made = Sign(MessageOrigin.Submitted, message);
        Assert.Null(made.Fault);
        Assert.Equal("pass pass", await Verify(made, message));
        string text = Encoding.ASCII.GetString(made.Fields);
        Assert.StartsWith("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;", text);
        Assert.Contains("a=ed25519-sha256", text);
        Assert.Contains($"t={ManualTime.Start.ToUnixTimeSeconds()};", text);
        Assert.Equal(made.Fields, Sign(MessageOrigin.Submitted, message).Fields);
        Assert.Contains("fail", await Verify(made, message.Replace("Subject: s", "Subject: t")));
        Assert.Contains("fail", await Verify(made, "Subject: added\n" + message));
    }

    [Theory]
    [InlineData(true, MessageOrigin.Bounce, Queued + Mail)]
    [InlineData(true, MessageOrigin.Local, Queued + Mail)]
    [InlineData(true, MessageOrigin.Local, Queued + "Resent-From: z@z.example\n" + Mail)]
    [InlineData(true, MessageOrigin.Submitted, Queued + Network + "Received: from web\n" + Mail)]
    [InlineData(false, MessageOrigin.Network, Queued + Network + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + "Delivered-To: j@a.example\n" + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + "DELIVERED-TO :j@a.example\n" + Mail)]
    [InlineData(false, MessageOrigin.Local,
        Queued + "Delivered-To: j@a.example\n" + Queued + Network + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + Network + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + Queued + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + "Resent-From: z@z.example\n" + Network + Mail)]
    [InlineData(false, MessageOrigin.Submitted, Queued + Network + "Delivered-To: j\n" + Mail)]
    [InlineData(false, (MessageOrigin)9, Queued + Mail)]
    public void What_was_submitted_is_signed_and_what_is_passed_on_is_not(
        bool isSigned, MessageOrigin origin, string message) =>
        Assert.Equal(isSigned, Sign(origin, message).Fields.Length > 0);

    [Theory]
    [InlineData("From: joe@a.example\n\nb\n", "a.example")]
    [InlineData("From: =?utf-8?q?J?= <joe@MAIL.A.Example>\n\nb\n", "a.example")]
    [InlineData("From: J\u00c3\u00b6 <joe@a.example>\n\nb\n", "a.example")]
    [InlineData("From: joe@a.example, eva@sub.a.example\n\nb\n", null)]
    [InlineData("From: joe@a.example\nFrom: joe@a.example\n\nb\n", null)]
    [InlineData("From: joe@b.example\nSender: joe@a.example\n\nb\n", null)]
    [InlineData("From: joe@b.example\nResent-From: joe@a.example\n\nb\n", null)]
    [InlineData("From: joe@example\n\nb\n", null)]
    [InlineData("From: joe@xa.example\n\nb\n", null)]
    [InlineData("From: joe\n\nb\n", null)]
    [InlineData("Subject: no from\n\nb\n", null)]
    [InlineData("From: joe@a.example\nnot a field\n\nb\n", null)]
    public void The_one_domain_of_From_signs(string message, string? domain)
    {
        MessageSignature made = Sign(MessageOrigin.Local, Queued + message);
        Assert.Null(made.Fault);
        Assert.Equal(domain is not null, made.Fields.Length > 0);
        Assert.Contains(
            domain is null ? "" : $"d={domain};", Encoding.ASCII.GetString(made.Fields));
    }

    [Fact]
    public void One_bad_key_costs_its_signature_and_all_bad_keys_keep_the_message()
    {
        Damage("r");
        MessageSignature one = Sign(MessageOrigin.Local, Queued + Mail);
        Assert.Contains("ed25519", Encoding.ASCII.GetString(one.Fields));
        Assert.DoesNotContain("rsa", Encoding.ASCII.GetString(one.Fields));
        Damage("e");
        _time.Advance(TimeSpan.FromSeconds(1));
        MessageSignature none = Sign(MessageOrigin.Local, Queued + Mail);
        Assert.Empty(none.Fields);
        Assert.Contains("a.example/e.pem: not a PEM file", none.Fault);
        Assert.Equal(3, _warnings.Count); // r; then both, since the domain was read again.
    }

    [Fact]
    public void Keys_sign_between_their_dates()
    {
        DateTimeOffset start = _time.GetUtcNow();
        Write(DkimKeyFile.NewEd25519("a.example", "old") with { Until = start },
            DkimKeyFile.NewEd25519("a.example", "new") with { From = start.AddDays(1) });
        string now = Encoding.ASCII.GetString(Sign(MessageOrigin.Local, Queued + Mail).Fields);
        Assert.DoesNotContain("s=old", now);
        Assert.DoesNotContain("s=new", now);
        _time.Advance(TimeSpan.FromDays(1));
        string later = Encoding.ASCII.GetString(Sign(MessageOrigin.Local, Queued + Mail).Fields);
        Assert.Contains("s=new", later);
        Assert.Contains("s=e", later);
    }

    [Fact]
    public async Task Deliveries_of_a_message_share_its_signatures_until_keys_change()
    {
        using ManualResetEventSlim go = new();
        int runs = 0;
        MessageSignature Run()
        {
            go.Wait();
            Interlocked.Increment(ref runs);
            return Sign(MessageOrigin.Local, Queued + Mail);
        }

        Task<MessageSignature>[] all =
            [.. Enumerable.Range(0, 100).Select(_ => _signer.SignAsync(5, Run))];
        go.Set();
        MessageSignature[] made = await Task.WhenAll(all);
        Assert.All(made, one => Assert.Same(made[0], one));
        Assert.Same(made[0], await _signer.SignAsync(5, Run));
        Assert.Equal(1, runs);
        await _signer.SignAsync(6, Run);
        Assert.Equal(2, runs);
        Write(DkimKeyFile.NewEd25519("a.example", "more"));
        _time.Advance(TimeSpan.FromSeconds(1));
        MessageSignature again = await _signer.SignAsync(5, Run);
        Assert.Contains("s=more", Encoding.ASCII.GetString(again.Fields));
        Assert.Equal(3, runs);
    }

    [Theory]
    [InlineData(false, Queued + Network + Mail)]
    [InlineData(true, Queued + "From: z@z.example\n\nbody\n")]
    public async Task What_nobody_signs_is_read_once_until_its_author_has_keys(
        bool becomesOurs, string message)
    {
        int runs = 0;
        MessageSignature Run()
        {
            runs++;
            return Sign(MessageOrigin.Local, message);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Empty((await _signer.SignAsync(5, Run)).Fields);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, runs);
        Write(DkimKeyFile.NewEd25519("z.example", "new"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(becomesOurs, (await _signer.SignAsync(5, Run)).Fields.Length > 0);
        Assert.Equal(becomesOurs ? 2 : 1, runs);
    }

    [Fact]
    public async Task Keys_that_do_not_sign_yet_are_looked_at_again()
    {
        DateTimeOffset tomorrow = _time.GetUtcNow().AddDays(1);
        Write(DkimKeyFile.NewEd25519("z.example", "new") with { From = tomorrow });
        MessageSignature Run() => Sign(MessageOrigin.Local, Queued + "From: z@z.example\n\nb\n");
        Assert.Empty((await _signer.SignAsync(5, Run)).Fields);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.NotEmpty((await _signer.SignAsync(5, Run)).Fields);
    }

    [Fact]
    public async Task A_failed_reading_is_tried_again()
    {
        await Assert.ThrowsAsync<IOException>(
            () => _signer.SignAsync(5, () => throw new IOException("no")));
        Assert.NotEmpty((await _signer.SignAsync(
            5, () => Sign(MessageOrigin.Local, Queued + Mail))).Fields);
    }

    [Fact]
    public void The_body_of_a_message_that_nobody_signs_is_not_read()
    {
        CountedMessage message =
            new(Queued + Network + Mail.Replace("body", new string('x', 1 << 20)));
        Assert.Empty(_signer.Sign(MessageOrigin.Local, _time.GetUtcNow(), message).Fields);
        Assert.Equal(1, message.Reads);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(7), InlineData(4096)]
    public void A_signed_message_is_its_fields_and_then_the_message(int piece)
    {
        SignedRemoteMessage message =
            new("A: 1\n"u8.ToArray(), new MemoryMessage("B: 2\n\nbody\n"));
        Assert.Equal(16, message.Length);
        StringBuilder all = new();
        byte[] block = new byte[piece];
        int got;
        for (long at = 0; (got = message.Read(at, block)) > 0; at += got)
        {
            Assert.True(got == piece || at + got == message.Length);
            all.Append(Encoding.ASCII.GetString(block, 0, got));
        }

        Assert.Equal("A: 1\nB: 2\n\nbody\n", all.ToString());
    }

    private MessageSignature Sign(MessageOrigin origin, string message) =>
        _signer.Sign(origin, ManualTime.Start, new MemoryMessage(message));

    private static async Task<string> Verify(MessageSignature made, string message)
    {
        using DkimVerifier verifier = new();
        MessageReader reader = new(verifier);
        reader.Read(made.Fields);
        reader.Read(Encoding.Latin1.GetBytes(message));
        reader.End();
        IReadOnlyList<DkimCheck> checks = await verifier.CheckAsync(
            new KeyDns(made.Keys!.Keys), ManualTime.Start, Ed25519.Verify, default);
        return string.Join(' ', checks.Select(one => one.Result.ToString().ToLowerInvariant()));
    }

    private void Damage(string selector)
    {
        string path = Path.Combine(Root, "a.example", selector + ".pem");
        File.WriteAllText(path, "damaged\n");
    }

    private void Write(params DkimKeyFile[] keys)
    {
        using DkimKeyStore store = new(Root);
        Array.ForEach(keys, store.Write);
    }

    private sealed class CountedMessage(string text) : IRemoteMessage
    {
        private readonly MemoryMessage _inner = new(text);

        internal int Reads { get; private set; }

        public long Length => _inner.Length;

        public int Read(long offset, Span<byte> to)
        {
            Reads++;
            return _inner.Read(offset, to);
        }
    }
}
