namespace Kopis.Base.Tests;

public class ByteEnvironmentTests
{
    [Fact]
    public void A_copy_and_its_origin_do_not_show_each_others_changes()
    {
        ByteEnvironment origin = ByteEnvironment.Parse("A=1\0B=2\0C=\0"u8);
        ByteEnvironment copy = new(origin);
        copy.SetText("A", "other");
        copy["B"] = null;
        copy.SetText("D", "new");
        origin.SetText("A", "changed");
        ByteEnvironment second = new(copy);
        copy["D"] = null;

        Assert.Equal("A=changed B=2 C=", Shown(origin));
        Assert.Equal("A=other C=", Shown(copy));
        Assert.Equal("A=other C= D=new", Shown(second));
        Assert.Equal(["A", "C", "D"], second.Names.Order());
        Assert.Null(copy["B"]);
        Assert.Empty(copy["C"]!);
        Assert.Equal("2", origin.Text("B"));
    }

    [Fact]
    public void Threads_may_copy_one_environment_at_once()
    {
        for (int round = 0; round < 200; round++)
        {
            ByteEnvironment origin = ByteEnvironment.Parse("A=1\0B=2\0"u8);
            Parallel.For(0, 4, _ =>
            {
                ByteEnvironment copy = new(origin);
                copy.SetText("A", "mine");
                Assert.Equal("A=mine B=2", Shown(copy));
                Assert.Equal("1", origin.Text("A"));
            });
        }
    }

    private static string Shown(ByteEnvironment environment) => string.Join(
        ' ',
        environment.ToBlock().Select(one => ByteText.ToText(one)).Order(StringComparer.Ordinal));
}
