using Kopis.Base;
using Kopis.Posix;
using Kopis.Testing;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

public sealed class AliasesFirstTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("bob", true)]
    [InlineData("BOB", true)]
    [InlineData("bob-list", false)]
    [InlineData("ann", false)]
    [InlineData("self", false)] // Its mail would come back.
    [InlineData("selfish", true)]
    [InlineData("there", false)] // Of one host alone.
    [InlineData("part", true)] // What its mail goes to has an @ before the last one.
    public void Aliases_come_first_where_the_control_file_says_so(string local, bool isFirst)
    {
        WriteTable();
        AliasesFirst first = new(_home.Path);
        Assert.False(first.Has(ByteText.ToBytes(local)));
        File.WriteAllText(_home.In("control/aliasesfirst"), _home.In("a.cdb") + "\n");
        Assert.Equal(isFirst, first.Has(ByteText.ToBytes(local)));
        RecipientUser user =
            new PasswordLookup(Passwd, first.Has).Find(ByteText.ToBytes(local)).User!;
        bool isUser = local.StartsWith("bob", StringComparison.OrdinalIgnoreCase);
        Assert.Equal(isUser && !isFirst ? "bob" : "alias", ByteText.ToText(user.Name));
        Assert.True(user.Owns(ByteText.ToBytes(local))); // So root takes it.
    }

    [Fact]
    public void A_table_that_is_damaged_is_trouble_and_one_that_is_not_there_none()
    {
        File.WriteAllText(_home.In("control/aliasesfirst"), _home.In("a.cdb") + "\n");
        PasswordLookup lookup = new(Passwd, new AliasesFirst(_home.Path).Has);
        Assert.Equal("bob", ByteText.ToText(lookup.Find("bob"u8).User!.Name));
        File.WriteAllText(_home.In("a.cdb"), "damage");
        Assert.Equal(LookupResult.Trouble(SpawnCode.System), lookup.Find("bob"u8));
    }

    private void WriteTable()
    {
        CdbWriter cdb = new();
        foreach ((string key, string data) in ((string, string)[])
            [
                (":bob@", "&erin@x.y\0"), (":self@", "&erin@x.y\0&Self@me.example\0"),
                (":selfish@", "&self@x.y\0"), (":there@h.example", "&erin@x.y\0"),
                (":part@", "&part@b@x.y\0"),
            ])
        {
            cdb.Add(ByteText.ToBytes(key), ByteText.ToBytes(data));
        }

        File.WriteAllBytes(_home.In("a.cdb"), cdb.ToArray());
    }

    private UnixUser? Passwd(string name)
    {
        string home = Directory.CreateDirectory(_home.In("bob")).FullName;
        uint uid = Processes.EffectiveUid;
        if (uid == 0)
        {
            uid = 1;
            Paths.ChangeOwner(home, uid, uid);
        }

        return name is "bob" or "alias" ? new UnixUser(name, uid, uid, home, "") : null;
    }
}
