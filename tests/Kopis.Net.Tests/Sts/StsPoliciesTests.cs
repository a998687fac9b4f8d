using System.Net;
using System.Text;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Sts;
using Kopis.Testing;

namespace Kopis.Net.Tests.Sts;

public sealed class StsPoliciesTests : IDisposable, IMailDns, IStsWeb
{
    private readonly ManualTime _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("kopis-sts-").FullName;
    private readonly List<string> _log = [];
    private string? _id = "1";
    private bool _isDnsAway;
    private string? _text = Policy("enforce", 100_000);
    private int _fetches;
    private Task<StsFetched>? _slow;

    public StsPoliciesTests() => File.SetUnixFileMode(_folder, UnixFileMode.UserRead
        | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_policy_is_fetched_once_and_survives_a_restart()
    {
        Assert.Equal(StsMode.Enforce, await Mode());
        Assert.Equal(StsMode.Enforce, await Mode());
        _time.Advance(StsPolicies.Pause);
        Assert.Equal(StsMode.Enforce, await Mode());
        Assert.Equal(StsMode.Enforce, await Mode(NewProcess()));
        Assert.Equal(1, _fetches);
    }

    [Fact]
    public async Task Another_id_fetches_and_the_same_does_not()
    {
        await Mode();
        _text = Policy("testing", 100_000);
        _time.Advance(StsPolicies.Pause);
        Assert.Equal(StsMode.Enforce, await Mode());
        _id = "2";
        _time.Advance(StsPolicies.Pause);
        Assert.Equal(StsMode.Testing, await Mode());
        Assert.Equal(2, _fetches);
        Assert.Contains(_log, line => line.Contains("mode testing"));
    }

    [Fact]
    public async Task It_holds_while_the_web_server_or_dns_is_away_until_it_ends()
    {
        await Mode();
        _text = null;
        _id = "2";
        _time.Advance(StsPolicies.Pause);
        StsAnswer answer = await NewProcess().FindAsync("a.example", default);
        Assert.Equal(
            (StsMode.Enforce, TlsResultType.StsFetchError), (answer.Policy!.Mode, answer.Fault));
        _isDnsAway = true;
        _time.Advance(StsPolicies.Pause);
        Assert.Equal(StsMode.Enforce, await Mode());
        _isDnsAway = false;
        _id = null; // A record that is gone ends no policy (RFC 8461 §8.3).
        _time.Advance(StsPolicies.Pause);
        Assert.Equal(StsMode.Enforce, await Mode());
        _time.Advance(TimeSpan.FromSeconds(100_000));
        Assert.Null(await Mode());
    }

    [Fact]
    public async Task It_is_fetched_again_before_it_ends()
    {
        await Mode();
        _time.Advance(TimeSpan.FromSeconds(49_000));
        await Mode();
        Assert.Equal(1, _fetches);
        _time.Advance(TimeSpan.FromSeconds(2_000));
        await Mode();
        Assert.Equal(2, _fetches);
        _time.Advance(TimeSpan.FromSeconds(60_000)); // Past the end of the first.
        _text = null;
        Assert.Equal(StsMode.Enforce, await Mode());
    }

    [Fact]
    public async Task One_that_cannot_be_had_is_not_asked_for_at_once_again()
    {
        _text = null;
        Assert.Null(await Mode());
        Assert.Null(await Mode());
        Assert.Equal(1, _fetches);
        _time.Advance(StsPolicies.Pause);
        Assert.Null(await Mode());
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task One_that_is_not_valid_is_none_and_replaces_none()
    {
        await Mode();
        _id = "2";
        _text = "<html>not here</html>";
        _time.Advance(StsPolicies.Pause);
        StsAnswer answer = await NewProcess().FindAsync("a.example", default);
        Assert.Equal(
            (StsMode.Enforce, TlsResultType.StsInvalid), (answer.Policy!.Mode, answer.Fault));
    }

    [Fact]
    public async Task A_file_that_is_cut_short_is_fetched_again()
    {
        await Mode();
        string path = Path.Combine(_folder, "a.example");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..20]);
        Assert.Equal(StsMode.Enforce, await Mode(NewProcess()));
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task Without_a_directory_it_works_and_says_so()
    {
        Directory.Delete(_folder, recursive: true);
        StsPolicies policies = NewProcess();
        Assert.Equal(StsMode.Enforce, await Mode(policies));
        Assert.Equal(StsMode.Enforce, await Mode(policies));
        Assert.Equal(1, _fetches);
        Assert.Contains(_log, line => line.Contains("not kept"));
        Directory.CreateDirectory(_folder);
    }

    [Fact]
    public async Task While_many_are_asked_nobody_should_ask_ahead()
    {
        TaskCompletionSource<StsFetched> web = new();
        _slow = web.Task;
        StsPolicies policies = NewProcess();
        List<Task> asked = [];
        for (int i = 0; i < StsPolicies.AheadMost; i++)
        {
            Assert.False(policies.IsBusy);
            asked.Add(policies.FindAsync($"a{i}.example", default));
        }

        Assert.True(policies.IsBusy);
        web.SetResult(new StsFetched(null, TlsResultType.StsFetchError, "no connection"));
        await Task.WhenAll(asked);
        Assert.False(policies.IsBusy);
    }

    [Theory]
    [InlineData("[192.0.2.1]")]
    [InlineData("../../etc/passwd")]
    [InlineData("single")]
    [InlineData("")]
    public async Task What_is_no_domain_has_no_policy(string host)
    {
        Assert.Same(StsAnswer.None, await NewProcess().FindAsync(host, default));
        Assert.Equal(0, _fetches);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_ends_what_was_kept()
    {
        await Mode();
        _time.Advance(TimeSpan.FromDays(-2));
        await Mode(NewProcess());
        Assert.Equal(2, _fetches);
    }

    private static string Policy(string mode, int seconds) =>
        $"version: STSv1\nmode: {mode}\nmx: mx.a.example\nmax_age: {seconds}\n";

    private StsPolicies NewProcess() => new(
        this, this, new StsStore(_folder, _log.Add, _time), new AnswerCache(_time),
        new AnswerCache(_time), _log.Add, _time);

    private StsPolicies? _one;

    private async Task<StsMode?> Mode(StsPolicies? policies = null) =>
        (await (policies ?? (_one ??= NewProcess())).FindAsync("A.example", default)).Policy?.Mode;

    Task<StsFetched> IStsWeb.FetchAsync(string domain, CancellationToken stop)
    {
        if (_slow is not null)
        {
            return _slow;
        }

        Assert.Equal("a.example", domain);
        _fetches++;
        return Task.FromResult(_text is null
            ? new StsFetched(null, TlsResultType.StsFetchError, "no connection")
            : new StsFetched(Encoding.UTF8.GetBytes(_text), TlsResultType.Success, ""));
    }

    Task<DnsAnswer<string>> IMailDns.FindTextsAsync(string name, CancellationToken stop)
    {
        Assert.True(_slow is not null || name == "_mta-sts.a.example");
        return Task.FromResult(
            _isDnsAway ? new DnsAnswer<string>(DnsStatus.TryAgain, [])
            : _id is null ? new DnsAnswer<string>(DnsStatus.NoSuchName, [])
            : new DnsAnswer<string>(DnsStatus.Found, [$"v=STSv1; id={_id}"]));
    }

    Task<DnsAnswer<MailExchanger>> IMailDns.FindExchangersAsync(
        string domain, CancellationToken stop) =>
        throw new NotSupportedException();

    Task<DnsAnswer<IPAddress>> IMailDns.FindAddressesAsync(string host, CancellationToken stop) =>
        throw new NotSupportedException();

    Task<DnsAnswer<IPAddress>> IMailDns.FindIPv4Async(string host, CancellationToken stop) =>
        throw new NotSupportedException();

    Task<DnsAnswer<IPAddress>> IMailDns.FindIPv6Async(string host, CancellationToken stop) =>
        throw new NotSupportedException();

    Task<DnsAnswer<string>> IMailDns.FindNamesAsync(IPAddress address, CancellationToken stop) =>
        throw new NotSupportedException();
}
