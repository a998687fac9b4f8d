namespace Kopis.Base.Tests;

public sealed class BuildVersionTests
{
    [Theory]
    [InlineData("0.2.0+1a2b3c4d5e6f", "0.2.0 (commit 1a2b3c4d5e6f)")]
    [InlineData("0.2.0+1a2b3c4d5e6f7081923a4b5c6d7e8f9012345678", "0.2.0 (commit 1a2b3c4d5e6f)")]
    [InlineData("0.2.0+1a2b3c4d5e6f-modified", "0.2.0 (commit 1a2b3c4d5e6f-modified)")]
    [InlineData("0.2.0", "0.2.0 (commit unknown: not built from git)")]
    public void The_commit_follows_the_version(string informational, string text) =>
        Assert.Equal(text, BuildVersion.Describe("0.2.0", informational));

    [Fact]
    public void The_number_has_three_parts() =>
        Assert.Equal(3, BuildVersion.Number.Split('.').Length);
}
