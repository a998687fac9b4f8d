using Kopis.Host.Run;

namespace Kopis.Host.Tests.Run;

/// <summary>When "ready" is true.</summary>
public sealed class ServedTests
{
    [Fact]
    public void All_have_to_serve_and_each_is_asked_once()
    {
        int connects = 0;
        bool answers = false;
        bool isIdle = false;
        Served served = new(
            [(() => Count(true), () => true), (() => Count(answers), () => isIdle)]);
        Assert.False(served.Look());
        answers = true;
        Assert.False(served.Look()); // It listens, and nobody accepts yet.
        isIdle = true;
        Assert.True(served.Look());
        Assert.True(served.Look());
        Assert.Equal(3, connects);

        bool Count(bool answer)
        {
            connects++;
            return answer;
        }
    }
}
