namespace Hearth.Bench.Hello;

public sealed record Greeting(string Name, string? Pad = null, int SleepMs = 0);

public sealed record Answer(string Hello);

/// <summary>Handler: Hearth.Bench.Hello::Hearth.Bench.Hello.Function::Handle</summary>
public sealed class Function
{
#pragma warning disable CA1822 // Lambda's shape of a handler is an instance method.
    public Answer Handle(Greeting greeting)
#pragma warning restore CA1822
    {
        if (greeting.SleepMs > 0)
            Thread.Sleep(greeting.SleepMs);
        return new Answer(greeting.Name);
    }

    private static void Main() => Console.WriteLine("hello");
}
