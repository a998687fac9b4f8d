using System.Globalization;
using System.Text;
using Kopis.Net.Dkim;
using Kopis.Testing;

namespace Kopis.Net.Tests.Dkim;

public sealed class DkimKeyDirectoryTests : IDisposable
{
    private static readonly DkimKeyFile Rsa = DkimKeyFile.NewRsa("a.example", "s-rsa", 2048);

    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("kopis-dkim");
    private readonly ManualTime _time = new();
    private readonly List<string> _warnings = [];
    private readonly DkimKeyDirectory _keys;

    public DkimKeyDirectoryTests()
    {
        Directory.CreateDirectory(Root, UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute);
        _keys = new DkimKeyDirectory(Root, _time, _warnings.Add);
    }

    private string Root => Path.Combine(_base.FullName, "dkim");

    public void Dispose() => _base.Delete(recursive: true);

    [Fact]
    public void Keys_are_found_as_they_were_written()
    {
        DateTimeOffset from = ManualTime.Start.AddDays(1);
        Write(Rsa, DkimKeyFile.NewEd25519("a.example", "s-ed25519") with { From = from });
        DkimDomainKeys found = Find("a.example")!;
        Assert.Equal(["s-ed25519", "s-rsa"], found.Keys.Select(key => key.Selector));
        Assert.Equal(from, found.Keys[0].From);
        Assert.Equal(Rsa.Record, found.Keys[1].Record);
        Assert.Equal("s-rsa._domainkey.a.example", found.Keys[1].RecordName);
        Assert.Empty(found.Faults);
        Assert.Equal(["s-rsa"], found.At(ManualTime.Start).Select(key => key.Selector));
        Assert.Equal(2, found.At(from).Count);
    }

    [Theory]
    [InlineData("a.example", "a.example")]
    [InlineData("deep.below.a.example", "a.example")]
    [InlineData("b.a.example", "b.a.example")]
    [InlineData("xa.example", null)]
    [InlineData("example", null)]
    [InlineData("other.example", null)]
    public void The_nearest_domain_with_keys_signs(string author, string? signs)
    {
        Write(Rsa, DkimKeyFile.NewEd25519("b.a.example", "e"));
        Directory.CreateDirectory(Path.Combine(Root, "other.example")); // No keys are in it.
        Assert.Equal(signs, Find(author)?.Domain);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_change_is_seen_after_a_tenth_of_a_second_and_not_before()
    {
        Assert.Null(_keys.Find("a.example"));
        Write(Rsa);
        Assert.Null(_keys.Find("a.example"));
        DkimDomainKeys found = Find("a.example")!;
        Assert.Same(found, Find("a.example")); // Nothing has changed: it is not read again.
        Write(Rsa with { Until = ManualTime.Start });
        Assert.Same(found, _keys.Find("a.example"));
        Assert.Equal(ManualTime.Start, Find("a.example")!.Keys[0].Until);
        Directory.Delete(Path.Combine(Root, "a.example"), recursive: true);
        Assert.Null(Find("a.example"));
    }

    [Theory]
    [InlineData("s-rsa.pem", "nonsense", "not a PEM file")]
    [InlineData("s-rsa.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "not a private key")]
    [InlineData("s-rsa.pem", "Signs-From: tomorrow\n-----BEGIN ", "bad date")]
    [InlineData("Upper.pem", "", "name is not a selector")]
    [InlineData("-.pem", "", "name is not a selector")]
    public void A_bad_key_is_reported_once_and_the_others_sign(
        string name, string content, string fault)
    {
        Write(DkimKeyFile.NewEd25519("a.example", "good"));
        string path = Path.Combine(Root, "a.example", name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        DkimDomainKeys found = Find("a.example")!;
        Assert.Equal("good", Assert.Single(found.Keys).Selector);
        Assert.Contains($"a.example/{name}: {fault}", Assert.Single(found.Faults));
        Find("a.example");
        Assert.Contains(fault, Assert.Single(_warnings));
    }

    [Fact]
    public void A_key_that_others_have_rights_to_or_that_a_link_leads_to_is_not_used()
    {
        Write(Rsa);
        string path = Path.Combine(Root, "a.example", "s-rsa.pem");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("other users have rights", Assert.Single(Find("a.example")!.Faults));
        string elsewhere = Path.Combine(_base.FullName, "key");
        File.Move(path, elsewhere);
        File.SetUnixFileMode(elsewhere, UnixFileMode.UserRead);
        File.CreateSymbolicLink(path, elsewhere);
        DkimDomainKeys linked = Find("a.example")!;
        Assert.Empty(linked.Keys);
        Assert.Single(linked.Faults);
    }

    [Fact]
    public void A_directory_that_others_may_write_to_gives_no_keys_but_faults()
    {
        Write(Rsa);
        const UnixFileMode open = UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute | UnixFileMode.OtherWrite;
        File.SetUnixFileMode(Path.Combine(Root, "a.example"), open);
        DkimDomainKeys inner = Find("a.example")!;
        Assert.True(inner is { Keys.Count: 0, Faults.Count: 1 });
        File.SetUnixFileMode(Root, open);
        DkimDomainKeys outer = Find("a.example")!;
        Assert.True(outer is { Domain: "", Keys.Count: 0, Faults.Count: 1 });
        Find("b.example");
        Assert.Equal(2, _warnings.Count);
    }

    [Fact]
    public void No_directory_is_no_key()
    {
        Directory.Delete(Root);
        Assert.Null(Find("a.example"));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData(".a.example")]
    [InlineData("a..example")]
    [InlineData("A.example")]
    public void What_is_not_a_domain_names_no_directory(string name)
    {
        Assert.False(DkimNames.IsDomain(name));
        Assert.Null(Find(name));
    }

    [Fact]
    public void A_key_of_openssl_s_own_form_is_read_too()
    {
        using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(2048);
        byte[] pem = Encoding.ASCII.GetBytes("Bag: x\r\n" + rsa.ExportRSAPrivateKeyPem());
        DkimKeyFile? key = DkimKeyFile.TryParse("a.example", "s", pem, out string fault);
        Assert.True(key is { IsEd25519: false, From: null, Until: null }, fault);
    }

    [Fact]
    public void More_keys_than_a_message_has_signatures_sign_the_newest_first()
    {
        Write([.. Enumerable.Range(1, 6).Select(day => DkimKeyFile.NewEd25519(
            "a.example", day.ToString(CultureInfo.InvariantCulture))
            with { From = ManualTime.Start.AddDays(-day) })]);
        Assert.Equal(
            ["1", "2", "3", "4"], Find("a.example")!.At(ManualTime.Start).Select(k => k.Selector));
    }

    private DkimDomainKeys? Find(string domain)
    {
        _time.Advance(TimeSpan.FromMilliseconds(101));
        return _keys.Find(domain);
    }

    private void Write(params DkimKeyFile[] keys)
    {
        using DkimKeyStore store = new(Root);
        Array.ForEach(keys, store.Write);
    }
}
