namespace Kopis.Base.Tests;

/// <summary>The last <c>@</c> divides; a word without one is a local part.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("joe@host.example", "joe", "host.example")]
    [InlineData("a@b@host.example", "a@b", "host.example")]
    [InlineData("\"a@b\"@host.example", "\"a@b\"", "host.example")]
    [InlineData("@host.example", "", "host.example")]
    [InlineData("@relay.example:joe@host.example", "@relay.example:joe", "host.example")]
    [InlineData("joe@", "joe", "")]
    [InlineData("a@b@", "a@b", "")]
    [InlineData("joe@@host.example", "joe@", "host.example")]
    [InlineData("#@[]", "#", "[]")]
    [InlineData("@", "", "")]
    [InlineData("@@", "@", "")]
    public void The_last_at_divides(string text, string local, string domain)
    {
        bool isComplete = local.Length > 0 && domain.Length > 0;
        Address bytes = new(ByteText.ToBytes(text));
        Assert.True(bytes.HasAt);
        Assert.Equal(isComplete, bytes.IsComplete);
        Assert.Equal(local, ByteText.ToText(bytes.Local));
        Assert.Equal(domain, ByteText.ToText(bytes.Domain));
        Assert.Equal(domain, ByteText.ToText(bytes.DomainOrAll));
        Assert.Equal("@" + domain, ByteText.ToText(bytes.AtDomain));

        TextAddress characters = new(text);
        Assert.True(characters.HasAt);
        Assert.Equal(isComplete, characters.IsComplete);
        Assert.Equal(local, characters.Local.ToString());
        Assert.Equal(domain, characters.Domain.ToString());
        Assert.Equal(domain, characters.DomainOrAll.ToString());
        Assert.Equal("@" + domain, characters.AtDomain.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("joe")]
    [InlineData("host.example")]
    [InlineData("joe%host.example")]
    [InlineData("\u00c0")] // Its low six bits are those of none.
    public void A_word_without_one_is_a_local_part(string text)
    {
        Address bytes = new(ByteText.ToBytes(text));
        Assert.False(bytes.HasAt);
        Assert.False(bytes.IsComplete);
        Assert.Equal(text, ByteText.ToText(bytes.Local));
        Assert.Empty(bytes.Domain.ToArray());
        Assert.Empty(bytes.AtDomain.ToArray());
        Assert.Equal(text, ByteText.ToText(bytes.DomainOrAll));

        TextAddress characters = new(text);
        Assert.False(characters.HasAt);
        Assert.False(characters.IsComplete);
        Assert.Equal(text, characters.Local.ToString());
        Assert.Equal("", characters.Domain.ToString());
        Assert.Equal("", characters.AtDomain.ToString());
        Assert.Equal(text, characters.DomainOrAll.ToString());
    }

    [Fact]
    public void The_empty_address_is_what_nothing_was_said_of()
    {
        Assert.False(default(Address).HasAt);
        Assert.Empty(default(Address).Local.ToArray());
        Assert.Empty(default(TextAddress).DomainOrAll.ToArray());
    }

    [Theory]
    [InlineData("joe@host", "joe@HOST", true)]
    [InlineData("a@b@host", "a@b@Host", true)]
    [InlineData("joe@", "joe@", true)]
    [InlineData("joe", "joe", true)]
    [InlineData("", "", true)]
    [InlineData("joe@host", "Joe@host", false)]
    [InlineData("a@b@host", "a@B@host", false)]
    [InlineData("joe", "JOE", false)] // It is a local part.
    [InlineData("joe@host", "joe@host.", false)]
    [InlineData("joe@a@b", "joe@a.b", false)]
    [InlineData("joe.a@b", "joe@a@b", false)]
    public void Case_counts_before_the_last_at_alone(string one, string other, bool areSame)
    {
        Assert.Equal(areSame, Address.AreSame(ByteText.ToBytes(one), ByteText.ToBytes(other)));
        Assert.Equal(areSame, Address.AreSame(ByteText.ToBytes(other), ByteText.ToBytes(one)));
    }

    [Theory]
    [InlineData("SRS0=x@host", true)]
    [InlineData("srs1+x@b@host", true)]
    [InlineData("SRS0=x@", true)]
    [InlineData("SRS0=x", false)] // Whose it is shows when it has a domain.
    [InlineData("a@SRS0=x", false)]
    [InlineData("SRS0@host", false)]
    public void An_address_of_SRS_has_a_domain(string text, bool isSrs) =>
        Assert.Equal(isSrs, SrsTag.IsSrs(new Address(ByteText.ToBytes(text))));
}
