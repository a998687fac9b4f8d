using Kopis.Host.Upgrade;

namespace Kopis.Host.Tests.Upgrade;

/// <summary>Which unit a process belongs to, by what only systemd can have made of it.</summary>
public sealed class RunningUnitsTests
{
    [Theory]
    [InlineData("0::/system.slice/kopis-smtp.service\n", "kopis-smtp.service")]
    [InlineData("1:name=systemd:/system.slice/kopis.service\n0::/\n", "kopis.service")]
    [InlineData("0::/system.slice/system-postfix.slice/postfix@-.service", "postfix@-.service")]
    public void A_unit_lies_beneath_slices_of_the_system(string text, string unit) =>
        Assert.Equal(unit, RunningUnits.UnitIn(text));

    // What a user, a container or a service with a subtree of its own may make.
    [Theory]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/kopis-smtp.service")]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/app.slice/kopis.service")]
    [InlineData("0::/user.slice/user@1000.service/system.slice/kopis.service")]
    [InlineData("0::/system.slice/other.service/kopis.service")]
    [InlineData("0::/system.slice/docker-1.scope/system.slice/kopis.service")]
    [InlineData("0::/kopis.service")]
    [InlineData("0::/a:/system.slice/kopis.service")]
    [InlineData("0::/../system.slice/kopis.service")]
    [InlineData("0::/system.slice/kopis.service/")]
    [InlineData("0::/system.slice/")]
    [InlineData("")]
    public void What_lies_elsewhere_is_none(string text) => Assert.Null(RunningUnits.UnitIn(text));

    [Fact]
    public void An_earlier_copy_of_the_home_is_ours_too()
    {
        string own = Environment.ProcessPath!;
        Assert.True(new RunningUnits("/nowhere/kopis", own).IsOurs(Environment.ProcessId));
        Assert.False(new RunningUnits("/nowhere/kopis", "/x").IsOurs(Environment.ProcessId));
    }
}
