using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Lookup;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

/// <summary>Whether an address exists, by the files that qmail-lspawn and qmail-local go by.
/// </summary>
public sealed class RecipientJudgeTests : IDisposable
{
    private const string Joe = "joe@toyokawa.gcd.org";

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("joe", LookupVerdict.Yes)]
    [InlineData("JOE", LookupVerdict.Yes)]
    [InlineData("joe-list", LookupVerdict.Yes)]
    [InlineData("joe-list-x", LookupVerdict.No)]
    [InlineData("joe-shop-anything", LookupVerdict.Yes)]
    [InlineData("joe-shop", LookupVerdict.No)]
    [InlineData("joe-directory", LookupVerdict.No)]
    [InlineData("joe-../joe/.qmail-list", LookupVerdict.No)]
    [InlineData("nobody", LookupVerdict.No)]
    [InlineData("postmaster", LookupVerdict.Yes)]
    [InlineData("", LookupVerdict.Yes)]
    [InlineData("jo\0e", LookupVerdict.No)]
    public void By_qmail_files(string local, LookupVerdict expected)
    {
        string home = AddJoe();
        File.WriteAllText(Path.Combine(home, ".qmail-list"), "&x@y\n");
        File.WriteAllText(Path.Combine(home, ".qmail-shop-default"), "");
        Directory.CreateDirectory(Path.Combine(home, ".qmail-directory"));
        Directory.CreateDirectory(_home.In("alias"));
        File.WriteAllText(_home.In("alias/.qmail-postmaster"), "&joe\n");
        Assert.Equal(expected, Judge(local));
    }

    [Fact]
    public void A_catch_all_takes_everybody()
    {
        Directory.CreateDirectory(_home.In("alias"));
        Assert.Equal(LookupVerdict.No, Judge("anyone"));
        File.WriteAllText(_home.In("alias/.qmail-default"), "&joe\n");
        Assert.Equal(LookupVerdict.Yes, Judge("anyone"));
    }

    [Fact]
    public void What_cannot_be_said_now_is_never_a_no()
    {
        Assert.Equal(LookupVerdict.Later, Judge("joe")); // No alias directory: a half-made home.
        AddJoe();
        File.WriteAllText(_home.In("users/virtual"), "half a line");
        Assert.Equal(LookupVerdict.Later, Judge("joe"));
        File.Delete(_home.In("users/virtual"));
        File.WriteAllBytes(_home.In("users/cdb"), new byte[100]);
        Assert.Equal(LookupVerdict.Later, Judge("joe"));
    }

    [Fact]
    public void A_home_that_is_away_is_a_later()
    {
        string home = AddJoe();
        Directory.Delete(home, recursive: true);
        Assert.Equal(LookupVerdict.Later, Judge("joe"));
    }

    [Theory]
    [InlineData("1000S\n", LookupVerdict.Yes)]
    [InlineData("1000S\n600 1\n400 1\n", LookupVerdict.Full)]
    [InlineData("1000S\n600 1\n400 1\n-1 -1\n", LookupVerdict.Yes)]
    [InlineData("1000S,2C\n   1 1\n   1 1\n", LookupVerdict.Full)]
    [InlineData("2C\n5000 1\n", LookupVerdict.Yes)]
    [InlineData("\n5000 1\n", LookupVerdict.Yes)]
    [InlineData("10S\nnonsense\n50 1\n", LookupVerdict.Yes)]
    [InlineData("10S\n50", LookupVerdict.Yes)]
    [InlineData("", LookupVerdict.Yes)]
    public void By_the_quota(string maildirsize, LookupVerdict expected)
    {
        string home = AddJoe();
        File.WriteAllText(Path.Combine(home, "Maildir/maildirsize"), maildirsize);
        Assert.Equal(expected, Judge("joe"));
        File.WriteAllText(Path.Combine(home, ".qmail"), "&elsewhere@y\n");
        Assert.Equal(LookupVerdict.Yes, Judge("joe"));
    }

    [Theory]
    [InlineData(0, LookupVerdict.Later)]
    [InlineData(SpawnCode.Nfs, LookupVerdict.Later)]
    [InlineData(ExitCode.Temporary, LookupVerdict.Later)]
    [InlineData(ExitCode.Permanent, LookupVerdict.No)]
    public async Task A_program_in_place_of_getpw_may_say_never(int code, LookupVerdict expected)
    {
        RecipientJudge judge = new(
            new RecipientLookup(_home.Path, asRoot: true),
            _ => Task.FromResult(LookupResult.Trouble(code)), _ => null);
        (LookupVerdict verdict, _) = await judge.JudgeAsync("x"u8.ToArray(), "d"u8.ToArray());
        Assert.Equal(expected, verdict);
    }

    [Fact]
    public void A_link_is_there_and_is_not_followed()
    {
        string home = AddJoe();
        File.WriteAllText(_home.In("seen"), "");
        File.CreateSymbolicLink(Path.Combine(home, ".qmail-a"), _home.In("seen"));
        File.CreateSymbolicLink(Path.Combine(home, ".qmail-b"), _home.In("none"));
        Assert.Equal(LookupVerdict.Yes, Judge("joe-a"));
        Assert.Equal(LookupVerdict.Yes, Judge("joe-b"));
        File.WriteAllText(_home.In("maildirsize"), "1C\n1 1\n");
        Directory.Delete(Path.Combine(home, "Maildir"), recursive: true);
        Directory.CreateSymbolicLink(Path.Combine(home, "Maildir"), _home.Path);
        Assert.Equal(LookupVerdict.Yes, Judge("joe"));
    }

    [Theory]
    [InlineData("|fastforward -d {0}/a.cdb", "bob", LookupVerdict.Yes)]
    [InlineData("|fastforward -d {0}/a.cdb", "BOB", LookupVerdict.Yes)]
    [InlineData("|fastforward -d {0}/a.cdb", "nosuch", LookupVerdict.No)]
    [InlineData("# why\n| /usr/bin/fastforward -d {0}/a.cdb\n", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward -d '{0}/a.cdb'", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward {0}/a.cdb", "bob", LookupVerdict.Yes)]
    [InlineData("|fastforward -pd {0}/a.cdb", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -p -d {0}/a.cdb\n./Maildir/", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -pPd {0}/a.cdb\n./Maildir/", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward -pd {0}/a.cdb\n|bouncesaying no", "bob", LookupVerdict.Yes)]
    [InlineData("|fastforward -pd {0}/a.cdb\n|bouncesaying no", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward -pd {0}/a.cdb\n|exit 100", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward -pd {0}/a.cdb\n|fastforward -d {0}/b.cdb", "eve", LookupVerdict.Yes)]
    [InlineData("|fastforward -pd {0}/a.cdb\n|fastforward -d {0}/b.cdb", "x", LookupVerdict.No)]
    [InlineData("|bouncesaying 'No such user'", "bob", LookupVerdict.No)]
    [InlineData("|bouncesaying no test -f x", "bob", LookupVerdict.Yes)]
    [InlineData("&joe\n|bouncesaying no", "bob", LookupVerdict.Yes)]
    [InlineData("|fastforward -d $CDB", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -d {0}/a.cdb || true", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -n {0}/a.cdb", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -d {0}/none.cdb", "nosuch", LookupVerdict.Later)]
    [InlineData("|fastforward -d {0}/damaged.cdb", "nosuch", LookupVerdict.Later)]
    [InlineData("|fastforward -d {0}/link.cdb", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -d {0}/linked/a.cdb", "nosuch", LookupVerdict.Yes)]
    [InlineData("|fastforward -d a.cdb", "nosuch", LookupVerdict.No)]
    [InlineData("|fastforward -d ../alias/a.cdb", "nosuch", LookupVerdict.Yes)]
    [InlineData("|other-program", "nosuch", LookupVerdict.Yes)]
    public void By_known_programs_of_a_default_file(
        string lines, string local, LookupVerdict expected)
    {
        string alias = Directory.CreateDirectory(_home.In("alias")).FullName;
        WriteCdb("alias/a.cdb", (":bob@", "&x@y\0"), (":@whole.example", "&x@y\0"));
        WriteCdb("alias/b.cdb", (":eve@toyokawa.gcd.org", "&x@y\0"));
        File.WriteAllText(_home.In("alias/damaged.cdb"), new string('x', 3000));
        File.CreateSymbolicLink(_home.In("alias/link.cdb"), "a.cdb");
        Directory.CreateSymbolicLink(_home.In("alias/linked"), alias);
        File.WriteAllText(
            _home.In("alias/.qmail-default"),
            lines.Replace("{0}", alias, StringComparison.Ordinal));
        Assert.Equal(expected, Judge(local));
    }

    [Fact]
    public void Fastforward_is_asked_for_the_whole_address_or_the_default_part()
    {
        Directory.CreateDirectory(_home.In("alias"));
        WriteCdb("alias/a.cdb", (":@toyokawa.gcd.org", "&x@y\0"));
        File.WriteAllText(_home.In("alias/.qmail-default"), "|fastforward -d a.cdb\n");
        Assert.Equal(LookupVerdict.Yes, Judge("anybody"));
        WriteCdb("alias/a.cdb", (":shop-x@", "&x@y\0"), (":y@", "&x@y\0"));
        File.WriteAllText(_home.In("alias/.qmail-shop-default"), "|fastforward a.cdb\n");
        Assert.Equal(LookupVerdict.Yes, Judge("shop-x"));
        Assert.Equal(LookupVerdict.No, Judge("shop-y"));
        File.WriteAllText(_home.In("alias/.qmail-shop-default"), "|fastforward -d a.cdb\n");
        Assert.Equal(LookupVerdict.No, Judge("shop-x"));
        Assert.Equal(LookupVerdict.Yes, Judge("shop-y"));
        File.SetUnixFileMode(_home.In("alias/a.cdb"), UnixFileMode.None);
        Assert.Equal(LookupVerdict.Yes, Judge("shop-x")); // He may not read it himself.
        File.SetUnixFileMode(_home.In("alias/a.cdb"), UnixFileMode.UserRead);
        Assert.Equal(LookupVerdict.No, Judge("shop-x"));
        File.Delete(_home.In("alias/a.cdb"));
        Posix.Paths.TryMakeFifo(_home.In("alias/a.cdb"), 0x180);
        Assert.Equal(LookupVerdict.Yes, Judge("shop-x"));
    }

    [Theory]
    [InlineData("bounce-no-mailbox", "joe", LookupVerdict.Yes)]
    [InlineData("bounce-no-mailbox", "Joe", LookupVerdict.Yes)]
    [InlineData("bounce-no-mailbox", "joe-list", LookupVerdict.Yes)]
    [InlineData("bounce-no-mailbox", "nosuch", LookupVerdict.No)]
    [InlineData("bounce-no-mailbox", "jo", LookupVerdict.No)]
    [InlineData("delete", "nosuch", LookupVerdict.Yes)]
    [InlineData("/home/vpopmail/domains/d/catchall", "nosuch", LookupVerdict.Yes)]
    public void By_vpopmails_users(string otherwise, string local, LookupVerdict expected)
    {
        Directory.CreateDirectory(_home.In("alias"));
        File.WriteAllText(
            _home.In("alias/.qmail-default"),
            $"| /home/vpopmail/bin/vdelivermail '' {otherwise}\n");
        Assert.Equal(LookupVerdict.Yes, Judge(local)); // No file: it asks another database.
        WriteCdb("alias/vpasswd.cdb", ("joe", "hash:1:0:joe:/d/joe:NOQUOTA"));
        Assert.Equal(expected, Judge(local));
    }

    private void WriteCdb(string name, params (string Key, string Data)[] records)
    {
        CdbWriter cdb = new();
        foreach ((string key, string data) in records)
        {
            cdb.Add(ByteText.ToBytes(key), ByteText.ToBytes(data));
        }

        File.WriteAllBytes(_home.In(name), cdb.ToArray());
    }

    private string AddJoe() => Path.GetDirectoryName(_home.AddUser(Joe, "x"))!;

    private LookupVerdict Judge(string local) =>
        new RecipientJudge(new RecipientLookup(_home.Path, asRoot: false), null, _ => null)
            .JudgeAsync(ByteText.ToBytes(local), "toyokawa.gcd.org"u8.ToArray())
            .GetAwaiter().GetResult().Verdict; // Nobody is asked, so nothing is waited for.
}
