using System.Text;
using Kopis.Base;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Users.Tests;

public sealed class VirtualUsersTests : IDisposable
{
    private const string Salt = "$AAAAAAAAAAAAAAAAAAAAAA==";
    private const string Key = "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const string Hash = "pbkdf2-sha256$1" + Salt + Key;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-users");

    public VirtualUsersTests() => _home.CreateSubdirectory("users");

    private string FileName => VirtualUsers.FileName(_home.FullName);

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void No_file_is_no_user()
    {
        VirtualUsers users = new(_home.FullName);
        Assert.Null(users.Find("joe@x.example"u8));
        Assert.Empty(users.List());
    }

    [Fact]
    public void A_user_is_found_by_the_exact_address_but_for_case_and_seen_at_once()
    {
        VirtualUsers users = new(_home.FullName);
        Assert.Null(users.Find("joe@x.example"u8));
        Add("joe@x.example");
        VirtualMailbox joe = users.Find("Joe@X.example"u8)!;
        Assert.Equal("joe@x.example", joe.Address);
        Assert.Equal(Path.Combine(_home.FullName, "users/mail/x.example/joe"), joe.Home);
        Assert.Null(users.Find("joe-list@x.example"u8));
        Assert.Null(users.Find("joe"u8));
        Assert.Null(users.Find("joe@x.example\n"u8));
        Assert.Null(users.Find([]));
    }

    [Fact]
    public void A_mailbox_is_a_maildir_of_the_owner_alone()
    {
        Add("joe@x.example");
        string[] names = ["", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"];
        foreach (string name in names)
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(
                    Path.Combine(_home.FullName, "users/mail/x.example/joe", name)));
        }

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
    }

    [Fact]
    public void Many_writers_at_once_lose_nothing()
    {
        const int writers = 8;
        const int usersEach = 12;
        Parallel.For(0, writers, new ParallelOptions { MaxDegreeOfParallelism = writers }, writer =>
        {
            for (int i = 0; i < usersEach; i++)
            {
                Add($"u{writer}-{i}@x.example");
            }
        });
        Assert.Equal(writers * usersEach, new VirtualUsers(_home.FullName).List().Count);
    }

    [Fact]
    public async Task A_reader_sees_whole_files_only()
    {
        Add("joe@x.example");
        VirtualUsers users = new(_home.FullName);
        using CancellationTokenSource done = new();
        Task writer = Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                Add($"u{i}@x.example");
            }

            done.Cancel();
        });
        while (!done.IsCancellationRequested)
        {
            Assert.NotNull(users.Find("joe@x.example"u8));
        }

        await writer.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(51, users.List().Count);
    }

    [Fact]
    public void Comments_order_and_other_homes_stay()
    {
        File.WriteAllText(
            FileName, $"# ours\nzoe@x.example:{Hash}:elsewhere/zoe\n\nann@x.example:!:mail/ann");
        using (VirtualUsersFile users = new(_home.FullName))
        {
            users.Set("zoe@x.example", "!");
            users.Set("new@x.example", Hash);
            Assert.True(users.Remove("ann@x.example"));
            Assert.False(users.Remove("ann@x.example"));
            users.Save();
        }

        Assert.Equal(
            $"# ours\nzoe@x.example:!:elsewhere/zoe\n\nnew@x.example:{Hash}:mail/x.example/new\n",
            File.ReadAllText(FileName));
    }

    [Theory]
    [InlineData("joe@x.example", "line 1 is not address:hash:home")]
    [InlineData("joe@x.example:" + Hash, "line 1 is not")]
    [InlineData("# why\n\njoe@x.example:secret:mail/joe", "line 3 is not")]
    [InlineData("joe@x.example:" + Hash + ":../joe", "line 1 is not")]
    [InlineData("joe@x.example:" + Hash + ":/etc", "line 1 is not")]
    [InlineData("joe@x.example:" + Hash + ":mail//joe", "line 1 is not")]
    [InlineData("Joe@x.example:" + Hash + ":mail/joe", "line 1 is not")]
    public void A_wrong_line_is_an_error_for_its_own_user_alone(string content, string reason)
    {
        File.WriteAllText(FileName, $"{content}\nann@x.example:{Hash}:mail/ann\n");
        List<string> said = [];
        VirtualUsers users = new(_home.FullName, said.Add);
        Assert.Throws<ConfigurationException>(() => users.Find("joe@x.example"u8));
        Assert.NotNull(users.Find("ann@x.example"u8));
        Assert.StartsWith(
            $"warning: {FileName}: {reason}", Assert.Single(said), StringComparison.Ordinal);
        Assert.Single(users.List());
        Add("joe@x.example");
        Assert.NotNull(users.Find("joe@x.example"u8));
        Assert.NotNull(users.Find("ann@x.example"u8));
    }

    [Fact]
    public void Of_a_user_who_is_there_twice_the_first_line_counts()
    {
        File.WriteAllText(FileName, $"joe@x.example:{Hash}:a\njoe@x.example:{Hash}:b\n");
        List<string> said = [];
        VirtualUsers users = new(_home.FullName, said.Add);
        Assert.EndsWith("/a", users.Find("joe@x.example"u8)!.Home, StringComparison.Ordinal);
        Assert.Equal([$"warning: {FileName}: line 2: joe@x.example is listed twice"], said);
    }

    [Fact]
    public void After_an_error_a_mended_file_counts()
    {
        VirtualUsers users = new(_home.FullName);
        File.WriteAllText(FileName, "joe@x.example: damage\n");
        Assert.Throws<ConfigurationException>(() => users.Find("joe@x.example"u8));
        Assert.Throws<ConfigurationException>(() => users.Find("joe@x.example"u8));
        Add("joe@x.example");
        Assert.NotNull(users.Find("joe@x.example"u8));
    }

    [Fact]
    public void Only_the_mail_of_the_removed_is_deleted()
    {
        Add("joe@x.example");
        Add("ann@x.example");
        using VirtualUsersFile users = new(_home.FullName);
        VirtualMailbox joe = users.Find("joe@x.example")!;
        users.Remove("joe@x.example");
        users.Save();
        Assert.True(Directory.Exists(joe.Home));
        users.DeleteMail(joe);
        users.DeleteMail(joe);
        Assert.False(Directory.Exists(joe.Home));
        Assert.True(Directory.Exists(users.Find("ann@x.example")!.Home));
    }

    [Theory]
    [InlineData("joe@x.example", true)]
    [InlineData("j.o_e+=-9@mx-1.example", true)]
    [InlineData("joe", false)]
    [InlineData("@x.example", false)]
    [InlineData("joe@", false)]
    [InlineData("joe@@x.example", false)]
    [InlineData("../joe@x.example", true)]
    [InlineData("a/b@x.example", true)]
    [InlineData(".joe@x.example", true)]
    [InlineData("joe.@x.example", true)]
    [InlineData("j..oe@x.example", true)]
    [InlineData("joe@..", false)]
    [InlineData("joe@x..example", false)]
    [InlineData("joe@-x.example", false)]
    [InlineData("joe@x-.example", false)]
    [InlineData("joe@x_y.example", true)]
    [InlineData("jo:e@x.example", false)]
    [InlineData("jo,e@x.example", false)]
    [InlineData("jo\\e@x.example", false)]
    [InlineData("\"jo\"@x.example", false)]
    [InlineData("jo(e)@x.example", false)]
    [InlineData("<joe>@x.example", false)]
    [InlineData("[joe]@x.example", false)]
    [InlineData("jo;e@x.example", false)]
    [InlineData("#joe@x.example", false)]
    [InlineData("|joe@x.example", false)]
    [InlineData("/joe@x.example", false)]
    [InlineData("&joe@x.example", false)]
    [InlineData("j#oe@x.example", true)]
    [InlineData("o'b@x.example", true)]
    [InlineData("!$%&'*+-/=?^_`{|}~@x.example", true)]
    [InlineData("joe@x,y.example", false)]
    [InlineData("joe@x/y.example", false)]
    [InlineData("joe@x'y.example", false)]
    [InlineData("jo e@x.example", false)]
    [InlineData("jo\ne@x.example", false)]
    [InlineData("JOE@x.example", false)]
    [InlineData("jö@x.example", false)]
    public void Addresses(string address, bool valid) =>
        Assert.Equal(valid, VirtualAddress.Check(address) is null);

    [Theory]
    [InlineData("joe@x.example", "x.example/joe")]
    [InlineData("o'b@x.example", "x.example/o'b")]
    [InlineData("../../root@x.example", "x.example/\\056.\\057..\\057root")]
    [InlineData("joe/maildir@x.example", "x.example/joe\\057maildir")]
    [InlineData(".@x.example", "x.example/\\056")]
    [InlineData("..@x.example", "x.example/\\056.")]
    [InlineData("j..oe.@x.example", "x.example/j..oe.")]
    public void Paths(string address, string path)
    {
        Assert.Null(VirtualAddress.Check(address));
        Assert.Equal(path, VirtualAddress.PathOf(address));
        string line = $"{address}:{PasswordHash.Unmatchable}:mail/{path}\n";
        Assert.Equal(
            $"/u/mail/{path}",
            VirtualUsers.Parse("/u", System.Text.Encoding.ASCII.GetBytes(line))[address].Home);
    }

    [Fact]
    public void Lengths()
    {
        Assert.Null(VirtualAddress.Check(new string('a', 64) + "@x.example"));
        Assert.NotNull(VirtualAddress.Check(new string('a', 65) + "@x.example"));
        Assert.Null(VirtualAddress.Check($"a@{new string('b', 63)}.example"));
        Assert.NotNull(VirtualAddress.Check($"a@{new string('b', 64)}.example"));
        string domain = string.Join('.', Enumerable.Repeat("abcdefg", 32));
        Assert.Null(VirtualAddress.Check("a@" + domain));
        Assert.NotNull(VirtualAddress.Check("a@" + domain + ".x"));
    }

    [Fact]
    public void A_hash_knows_its_password_and_no_other()
    {
        string hash = PasswordHash.Create("p\u00e4ss"u8);
        Assert.True(PasswordHash.IsValid(hash));
        Assert.True(PasswordHash.Verify(hash, "p\u00e4ss"u8));
        Assert.False(PasswordHash.Verify(hash, "pass"u8));
        Assert.False(PasswordHash.Verify(hash, []));
        Assert.NotEqual(hash, PasswordHash.Create("p\u00e4ss"u8));
    }

    public static TheoryData<string> NoHashes =>
    [
        "pbkdf2-sha256$0" + Salt + Key, "pbkdf2-sha256$99999999" + Salt + Key,
        "pbkdf2-sha256$-1" + Salt + Key, "pbkdf2-sha256$1$AAAA" + Key,
        "pbkdf2-sha256$1" + Salt + "$AAAA", "pbkdf2-sha256$1" + Salt, "pbkdf2-sha1$1" + Salt + Key,
        "secret", "",
    ];

    [Theory, MemberData(nameof(NoHashes))]
    public void What_is_no_hash_is_known(string text) => Assert.False(PasswordHash.IsValid(text));

    // Each at the cost of a hash.
    [Trait("Size", "large")]
    [Theory, MemberData(nameof(NoHashes))]
    public void What_is_no_hash_lets_nobody_in(string text)
    {
        Assert.False(PasswordHash.Verify(text, Encoding.UTF8.GetBytes(text)));
        Assert.False(PasswordHash.Verify(text, []));
    }

    // PBKDF2-HMAC-SHA-256 by another's hand: Python's hashlib.pbkdf2_hmac.
    [Fact]
    public void A_hash_that_others_made() => Assert.True(PasswordHash.Verify(
        "pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw=="
        + "$C1oN3vTYn5ga/dwLPzyOhfhI0Ul7McO7rqWFKLxrU2w=", "koala"u8));

    private void Add(string address)
    {
        using VirtualUsersFile users = new(_home.FullName);
        users.Add(address, Hash);
    }
}
