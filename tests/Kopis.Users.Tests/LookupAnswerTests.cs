using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

public sealed class LookupAnswerTests
{
    /// <summary>Before, 100 from a qmail-getpw that had been taken over bounced anybody's mail.
    /// </summary>
    [Theory, InlineData(1), InlineData(100), InlineData(111), InlineData(SpawnCode.CannotRunEver)]
    public void No_answer_of_qmail_getpw_is_a_failure_for_good(byte code) =>
        Assert.Equal(SpawnCode.System, LookupResult.OfAnswer([code]).Code);

    [Fact]
    public void Its_own_words_for_later_are_taken() =>
        Assert.Equal(SpawnCode.Nfs, LookupResult.OfAnswer([SpawnCode.Nfs]).Code);
}
